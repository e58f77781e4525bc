import type {
  Capture,
  Copy,
  Previous,
  ResourceRef,
  SessionContext,
} from '../../../replicator/mover.ts';
import type { BackupCopy } from '../../../replicator/volume/types.ts';
import { known } from '../../support/known-kinds.ts';
import { linkOf } from '../world/sim-scope.ts';
import {
  backupOf,
  containerCopyOf,
  imageCopyOf,
  lineOf,
  volumeCopyOf,
  type Row,
} from '../world/shapes.ts';
import { copyName, type Content } from '../world/types.ts';
import { actorOf, existing, mustBeReadable, snapshotName, spoolName } from './capture.ts';
import { missing } from './refusals.ts';
import { copyNames, merged, nameOf, rowsOf } from './rows.ts';
import { maxIncrementals } from '../../../replicator/volume/options.ts';

/** Object by object what the secondary lacks, then what says that all is there. */
export async function ship(
  capture: Capture,
  previous: Previous | null,
  session: SessionContext,
): Promise<Copy> {
  const { bank, signal } = session;
  const before = previous === null ? [] : await rowsOf(previous.copy, bank, signal);
  const trusted = new Set(previous === null ? [] : copyNames(previous.copy, before));
  for (const finding of previous?.damage ?? []) trusted.delete(nameOf(finding));
  const present = await alreadyThere(capture, session);
  const rows: Row[] = [];
  const { content, dataTime } = await contentOf(capture, session);
  for (const [object, listed] of content) {
    const row = await shipObject([object, listed], capture, session, { trusted, present });
    if (row !== null) rows.push(row);
  }
  await repair(capture, previous, { rows, present }, session);
  return copyOf({ ...capture, dataTime }, rows, previous?.copy ?? null, merged(before), session);
}

interface Known {
  /** Taken over from the copy before, unasked. */
  readonly trusted: ReadonlySet<string>;
  /** Seen whole in the secondary. */
  readonly present: Set<string>;
}

async function alreadyThere(
  { resource }: Capture,
  { target, signal }: SessionContext,
): Promise<Set<string>> {
  const prefix = `${resource.kind}/${resource.id}/`;
  return linkOf(target).read(
    'list copies',
    ({ copies }) =>
      new Set(
        [...copies]
          .filter(([name, { isWhole }]) => isWhole && name.startsWith(prefix))
          .map(([name]) => name),
      ),
    signal,
  );
}

async function contentOf(
  { resource, dataTime }: Capture,
  session: SessionContext,
): Promise<{ readonly content: Content; readonly dataTime: string }> {
  const link = linkOf(session.source);
  const name = snapshotName(session, resource);
  if (resource.kind === 'volume') {
    const snapshot = await link.read(
      'read snapshot',
      (region) => {
        mustBeReadable(region, resource);
        return region.snapshots.get(name);
      },
      session.signal,
    );
    if (snapshot === undefined) throw missing('snapshot', name);
    return { content: snapshot.content, dataTime };
  }
  const spooled = link.world.disks.get(spoolName(session, resource, link));
  if (spooled !== undefined) {
    // Another machine may have listed it since: what counts, and what the copy's time is, is what is shipped.
    link.world.cuts.set(name, spooled);
    return { content: spooled.content, dataTime: spooled.at };
  }
  // The session began on another machine: its listing is there.
  const content = await link.read(
    'list resource',
    (region) => new Map(existing(region, resource).objects),
    session.signal,
  );
  return { content, dataTime };
}

/** A container's object is shipped as it is by then; null: it is gone since it was listed. */
async function shipObject(
  [object, listed]: Row,
  { resource }: Capture,
  session: SessionContext,
  { trusted, present }: Known,
): Promise<Row | null> {
  const { kind, id } = resource;
  const nameAt = (value: string) => copyName(kind, id, object, value);
  if (listed !== null && trusted.has(nameAt(listed))) return [object, listed];
  const value =
    kind === 'container'
      ? await linkOf(session.source).read(
          'read object',
          (region) => existing(region, resource).objects.get(object) ?? null,
          session.signal,
        )
      : listed;
  if (value === null) return null;
  const name = nameAt(value);
  if (present.has(name)) session.progress.present({ bytes: 1, objects: 1 });
  else {
    await put(name, session);
    present.add(name);
  }
  return [object, value];
}

async function put(name: string, session: SessionContext): Promise<void> {
  await linkOf(session.target).write(
    { operation: 'put copy', subject: name },
    actorOf(session),
    ({ copies }) => {
      // The same bytes under the same name.
      if (copies.get(name)?.isWhole === true) return false;
      copies.set(name, { isWhole: true, isChecked: false });
      return true;
    },
    session.signal,
  );
  session.progress.moved({ bytes: 1, objects: 1 });
}

/** What is named as damaged in a part that is taken over as it is: a volume's older backups. */
async function repair(
  { resource }: Capture,
  previous: Previous | null,
  { rows, present }: { readonly rows: readonly Row[]; readonly present: ReadonlySet<string> },
  session: SessionContext,
): Promise<void> {
  if (resource.kind !== 'volume') return;
  const own = new Set(
    rows.map(([object, value]) => copyName(resource.kind, resource.id, object, value ?? '')),
  );
  for (const { subject } of previous?.damage ?? [])
    if (!own.has(subject) && !present.has(subject)) await put(subject, session);
}

async function copyOf(
  capture: Capture,
  rows: readonly Row[],
  previous: Copy | null,
  before: Content,
  session: SessionContext,
): Promise<Copy> {
  const { kind } = capture.resource;
  if (kind === 'image') {
    const [row] = rows;
    if (row === undefined) throw missing('image', capture.resource.id);
    return imageCopyOf(capture, row);
  }
  if (kind === 'container')
    return containerCopyOf(capture, await catalog(capture.resource, rows, session));
  const parents = chainOf(previous);
  const isFull = parents.length === 0 || parents.length > maxIncrementals(session);
  const changed = isFull ? rows : difference(before, new Map(rows as readonly [string, string][]));
  if (changed.length === 0) return volumeCopyOf(capture, parents, rows.length);
  const ref = await catalog(capture.resource, changed, session);
  const backup = backupOf(session.sessionId, ref, isFull);
  const chain: readonly BackupCopy[] = isFull ? [backup] : [...parents, backup];
  return volumeCopyOf(capture, chain, rows.length);
}

function chainOf(previous: Copy | null): readonly BackupCopy[] {
  const copy = previous === null ? null : known(previous);
  return copy?.kind === 'volume' ? copy.chain : [];
}

function difference(before: Content, now: Content): readonly Row[] {
  const gone = [...before.keys()].filter((object) => !now.has(object));
  return [
    ...[...now].filter(([object, value]) => before.get(object) !== value),
    ...gone.map((object): Row => [object, null]),
  ];
}

async function catalog(
  resource: ResourceRef,
  rows: readonly Row[],
  { bank, group, signal }: SessionContext,
) {
  return bank.writeCatalog(group, each(rows.map((row) => lineOf(resource, row))), signal);
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  await Promise.resolve();
  yield* items;
}
