/**
 * Brings one backup's objects to the secondary, and repairs them there: both are the difference
 * between the catalog and the secondary's listing.
 *
 * Order of writes: data objects side by side, then `_sha256file`, then `_metadata`, the commit marker
 * without which Cinder sees no backup. Killed anywhere: what arrived is found in the next listing,
 * or, where that lags, by a HEAD before it is sent again. An object whose source no longer has the
 * listed ETag is never sent. Nothing is believed to be there before the secondary's listing is
 * exactly the catalog, since Cinder's restore aborts on any other.
 */
import { createHash } from 'node:crypto';
import { finished } from 'node:stream/promises';
import type { Ambient } from '../../../kernel/ambient.ts';
import { FarshoreError } from '../../../kernel/errors.ts';
import type { ObjectRef, ObjectStore } from '../../../regions/object-store/types.ts';
import type { CatalogRef } from '../../bank/bank.ts';
import type { SessionContext } from '../../mover.ts';
import { copyInside, rememberRefusal } from '../../transfer/copy-inside.ts';
import { parallel, transfersAtOnce } from '../../transfer/parallel.ts';
import { relayObject } from '../../transfer/relay.ts';
import { metadataName, requireCopyContainer, sha256FileName } from '../layout/names.ts';
import { shortWaitMs, waitFor } from '../wait.ts';
import { catalogRows, type CatalogRow } from './catalog.ts';
import { listPrefix, pairUp } from './listing.ts';

export interface Shipment {
  readonly prefix: string;
  readonly catalog: CatalogRef;
  /** Finds the container in the primary, asked only when something has to be fetched from it. */
  readonly from: () => Promise<string>;
  /** Container in the secondary. */
  readonly to: string;
  /** Object names that are known to be damaged though their listing looks right. */
  readonly damaged: ReadonlySet<string>;
}

export interface Sent {
  readonly objects: number;
  readonly bytes: number;
  /** Of `_sha256file`, when it passed through here. */
  readonly sha256FileSha256: string | undefined;
}

export const sourceObjectMissing = 'volume.source-object-missing';

export async function sendBackup(
  shipment: Shipment,
  session: SessionContext,
  ambient: Ambient,
): Promise<Sent> {
  const { prefix, to } = shipment;
  const { signal, progress } = session;
  const target = session.target.objectStore;
  requireCopyContainer(to, session.target.region, session.sharedSwift);
  const last = [sha256FileName(prefix), metadataName(prefix)];
  const markers = new Map<string, CatalogRow>();
  const total = { objects: 0, bytes: 0 };
  let changes = 0;
  let sha256FileSha256: string | undefined;
  const send = async (row: CatalogRow, stop: AbortSignal): Promise<void> => {
    const sha256 = await sendObject(shipment, row, { ...session, signal: stop }, ambient);
    if (row.name === last[0]) sha256FileSha256 = sha256;
  };
  const missing = async function* (): AsyncGenerator<CatalogRow> {
    const expected = catalogRows(session.bank, shipment.catalog, signal);
    for await (const pair of pairUp(expected, listPrefix(target, to, prefix, signal))) {
      if (pair.state === 'unexpected') {
        changes += 1;
        await target.delete(to, pair.found.name, { signal });
        continue;
      }
      const row = pair.expected;
      total.objects += 1;
      total.bytes += row.bytes;
      if (pair.state === 'same' && !shipment.damaged.has(row.name)) {
        progress.present({ objects: 1, bytes: row.bytes });
        continue;
      }
      changes += 1;
      if (last.includes(row.name)) markers.set(row.name, row);
      else yield row;
    }
  };
  // No request for a container when nothing has to go there.
  const withContainer = once(() => target.putContainer(to, undefined, signal));
  await parallel(missing(), transfersAtOnce, signal, async (row, stop) => {
    await withContainer();
    await send(row, stop);
  });
  for (const name of last) {
    const row = markers.get(name);
    if (row === undefined) continue;
    await withContainer();
    await send(row, signal);
  }
  if (changes > 0) await awaitExact(shipment, session, ambient);
  return { ...total, sha256FileSha256 };
}

/** Returns the SHA-256 of what passed through here; undefined when nothing had to. */
async function sendObject(
  shipment: Shipment,
  row: CatalogRow,
  session: SessionContext,
  ambient: Ambient,
): Promise<string | undefined> {
  const { to } = shipment;
  const { signal, progress } = session;
  const target = session.target.objectStore;
  if (session.isResumed && !shipment.damaged.has(row.name)) {
    const there = await target.head(to, row.name, { newest: true, signal });
    if (there?.etag === row.etag && there.bytes === row.bytes) {
      progress.present({ objects: 1, bytes: row.bytes });
      return undefined;
    }
  }
  const from = await shipment.from();
  progress.expect({ objects: 1, bytes: row.bytes });
  const object = { container: from, object: row.name };
  if (session.sharedSwift && (await isCopied(object, to, row, session))) return undefined;
  const relayed = await relayObject(
    {
      from: { ...object, store: session.source.objectStore },
      to: { store: target, container: to, object: row.name },
      expected: row,
      sha256: row.name === sha256FileName(shipment.prefix),
    },
    { ambient, progress, signal },
  );
  if (relayed === null) throw missingInSource(from, row);
  if (session.sharedSwift) rememberRefusal(session.source.objectStore, target);
  return relayed.sha256;
}

/** Inside the Swift that both regions share; false where it does not copy from that account. */
async function isCopied(
  from: ObjectRef,
  to: string,
  row: CatalogRow,
  session: SessionContext,
): Promise<boolean> {
  const { source, target, signal, progress } = session;
  const written = await copyInside(
    { ...from, store: source.objectStore, projectId: source.projectId },
    { store: target.objectStore, container: to, object: row.name },
    { signal },
  );
  if (written === 'refused') return false;
  if (written === 'missing') throw missingInSource(from.container, row);
  if (written.etag !== row.etag)
    throw new FarshoreError(`was listed with ETag ${row.etag}, its copy has ${written.etag}`, {
      code: 'transfer.source-changed',
      kind: 'transient',
      operation: 'copy object',
      subject: `${to}/${row.name}`,
    });
  progress.copied({ objects: 1, bytes: row.bytes });
  return true;
}

function missingInSource(container: string, row: CatalogRow): FarshoreError {
  return new FarshoreError('the primary no longer has it', {
    code: sourceObjectMissing,
    kind: 'permanent',
    operation: 'ship backup',
    subject: `${container}/${row.name}`,
  });
}

/** Waits until the secondary lists exactly the catalog. */
async function awaitExact(
  shipment: Shipment,
  { bank, target, signal }: SessionContext,
  { clock }: Ambient,
): Promise<void> {
  const wait = {
    operation: 'wait for the secondary’s listing',
    subject: `${shipment.to}/${shipment.prefix}`,
    stillMs: shortWaitMs,
    hint: 'the objects were stored but are not listed: see Swift’s container updaters',
  };
  await waitFor(clock, wait, signal, async () => {
    const expected = catalogRows(bank, shipment.catalog, signal);
    const found = listPrefix(target.objectStore, shipment.to, shipment.prefix, signal);
    for await (const pair of pairUp(expected, found)) if (pair.state !== 'same') return undefined;
    return true;
  });
}

/** SHA-256 of an object, read whole; null when there is none. */
export async function hashObject(
  store: ObjectStore,
  container: string,
  object: string,
  signal: AbortSignal,
): Promise<string | null> {
  const download = await store.get(container, object, { signal });
  if (download === null) return null;
  const hash = createHash('sha256');
  download.body.on('data', (chunk: Buffer) => hash.update(chunk));
  await finished(download.body, { signal });
  return hash.digest('hex');
}

function once(act: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= act());
}
