/**
 * What a finished backup in the primary consists of, written down as a catalog in the bank before
 * anything is shipped: from then on shipping it, repairing it and verifying it are the same
 * comparison. Swift's listing may lag behind what Cinder wrote, so it is believed only when its names
 * are exactly those of `_metadata`.
 *
 * Killed here: nothing but a catalog that no manifest names, which the bank's sweep removes; written
 * again it has the same name.
 */
import type { Ambient } from '../../../kernel/ambient.ts';
import { FarshoreError } from '../../../kernel/errors.ts';
import type { BackupRecord } from '../../../regions/block-storage/types.ts';
import type { CatalogRef } from '../../bank/bank.ts';
import type { SessionContext } from '../../mover.ts';
import { codecHint, isKnownCodec } from '../layout/codec.ts';
import { Cover } from '../layout/cover.ts';
import { readMetadata } from '../layout/metadata.ts';
import { metadataName, requireOwnPrefix, sha256FileName, swiftDriver } from '../layout/names.ts';
import { shortWaitMs, waitFor } from '../wait.ts';
import type { CatalogRow } from './catalog.ts';
import { listPrefix } from './listing.ts';
import { NameSet } from './name-set.ts';

export interface SourceLayout {
  readonly container: string;
  readonly prefix: string;
}

export interface Description {
  readonly layout: SourceLayout;
  readonly catalog: CatalogRef;
  readonly metadataSha256: string;
  /** Objects that hold data: an incremental of an unchanged volume has none. */
  readonly chunks: number;
}

/** Where a record says that its objects lie; refuses what was not written by Cinder's Swift driver. */
export function layoutOf(record: BackupRecord): SourceLayout {
  const { id, service, container, service_metadata: prefix } = record.fields;
  const isSwift = service === swiftDriver && record.backupService === swiftDriver;
  if (!isSwift || typeof container !== 'string' || typeof prefix !== 'string')
    throw new FarshoreError(`the backup was made by ${record.backupService}`, {
      code: 'volume.backup-driver-unsupported',
      kind: 'permanent',
      operation: 'read backup record',
      subject: String(id),
      hint: 'set backup_driver to cinder.backup.drivers.swift.SwiftBackupDriver in the source’s cinder.conf',
    });
  requireOwnPrefix(prefix, String(id));
  return { container, prefix };
}

export async function describeBackup(
  record: BackupRecord,
  session: SessionContext,
  { clock }: Ambient,
): Promise<Description> {
  const layout = layoutOf(record);
  const names = new NameSet();
  const metadataSha256 = await readNames(record, layout, names, session);
  const chunks = names.count;
  names.add(metadataName(layout.prefix));
  names.add(sha256FileName(layout.prefix));
  const wait = {
    operation: 'wait for the source’s listing',
    subject: `${layout.container}/${layout.prefix}`,
    stillMs: shortWaitMs,
    hint: 'objects that the backup’s _metadata names are not listed: see Swift’s container updaters',
  };
  const catalog = await waitFor(clock, wait, session.signal, async () => {
    try {
      const rows = exactRows(layout, names, session);
      return await session.bank.writeCatalog(session.group, rows, session.signal);
    } catch (error) {
      if (error instanceof FarshoreError && error.code === lagging) return undefined;
      throw error;
    }
  });
  return { layout, catalog, metadataSha256, chunks };
}

/** Adds the names of `_metadata`, the authority on what the backup consists of; returns its SHA-256. */
async function readNames(
  { fields }: BackupRecord,
  { container, prefix }: SourceLayout,
  names: NameSet,
  session: SessionContext,
): Promise<string> {
  const subject = `${container}/${metadataName(prefix)}`;
  const download = await session.source.objectStore.get(container, metadataName(prefix), {
    newest: true,
    signal: session.signal,
  });
  if (download === null)
    throw new FarshoreError('the backup’s own list of objects is not in the project’s account', {
      code: 'volume.backup-data-missing',
      kind: 'permanent',
      operation: 'read backup metadata',
      subject,
      hint: 'cinder-backup must write into the tenant’s account: backup_swift_auth = per_user',
    });
  const cover = new Cover(Number(fields['size']), typeof fields['parent_id'] !== 'string');
  const chunks = readMetadata(download.body, subject);
  try {
    for (let next = await chunks.next(); ; next = await chunks.next()) {
      if (next.done === true) {
        const fault = cover.fault();
        if (fault !== undefined) throw uncovered(subject, fault);
        return next.value.sha256;
      }
      cover.add(next.value);
      const { object, compression } = next.value;
      if (!isKnownCodec(compression)) throw unsupported(subject, compression);
      names.add(object);
    }
  } finally {
    // Read by hand, it is not closed by what throws in between.
    download.body.destroy();
  }
}

const lagging = 'volume.source-listing-lags';

async function* exactRows(
  { container, prefix }: SourceLayout,
  names: NameSet,
  session: SessionContext,
): AsyncGenerator<CatalogRow> {
  const listed = new NameSet();
  for await (const row of listPrefix(
    session.source.objectStore,
    container,
    prefix,
    session.signal,
  )) {
    listed.add(row.name);
    yield row;
  }
  if (!listed.equals(names))
    throw new FarshoreError(`lists ${listed.count} objects, _metadata names ${names.count}`, {
      code: lagging,
      kind: 'transient',
      operation: 'list backup',
      subject: `${container}/${prefix}`,
    });
}

function uncovered(subject: string, fault: string): FarshoreError {
  return new FarshoreError(`the backup is not one of the whole volume: ${fault}`, {
    code: 'volume.backup-incomplete',
    kind: 'permanent',
    operation: 'read backup metadata',
    subject,
    hint: 'some drivers (NFS) cannot back up a volume that has snapshots: delete those, or let snapshots be made for the backup',
  });
}

function unsupported(subject: string, compression: string): FarshoreError {
  return new FarshoreError(`compressed with ${compression}, which cannot be checked here`, {
    code: 'volume.compression-unsupported',
    kind: 'permanent',
    operation: 'read backup metadata',
    subject,
    hint: codecHint,
  });
}
