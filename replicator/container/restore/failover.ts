import { FarshoreError } from '../../../kernel/errors.ts';
import type { ListingRow } from '../../../regions/object-store/types.ts';
import type { RestoreOrder, TargetContext } from '../../mover.ts';
import { parallel } from '../../transfer/parallel.ts';
import { mergeByName } from '../catalog/merge.ts';
import {
  catalogRows,
  expiryMs,
  hasEqualMetadata,
  headersToPut,
  kindOf,
  metadataOf,
  versionOf,
  type CatalogRow,
} from '../catalog/row.ts';
import { assertMirrorOf, liveMark } from '../naming.ts';
import type { MirrorCopy } from '../types.ts';
import { restoreContainerHeaders } from './container-headers.ts';
import type { RestoreDeps, RestoreTally } from './deps.ts';

interface Change {
  readonly name: string;
  readonly row: CatalogRow | undefined;
  readonly listed: ListingRow | undefined;
}

/**
 * Makes the mirror's current state the one of the point; then it is the container. Nothing is
 * destroyed: another version becomes current, what the point does not know gets a delete marker.
 *
 * It is marked live first, so that from then on no session of the group writes to it and no retention
 * deletes from it. Killed anywhere: some names show the point's version, some not yet; called again
 * it looks at the listing and goes on. A listing that lags leads to a request that changes nothing.
 */
export async function convergeMirror(
  copy: MirrorCopy,
  order: RestoreOrder,
  at: TargetContext,
  deps: RestoreDeps,
  tally: RestoreTally,
): Promise<void> {
  const { signal } = at;
  const store = at.target.objectStore;
  const found = await store.headContainer(copy.mirror, signal);
  assertMirrorOf(found, copy.mirror, at);
  await store.postContainer(copy.mirror, { [liveMark]: order.executionId }, signal);
  const rows = catalogRows(at.bank.readCatalog(copy.catalog, signal));
  const merged = mergeByName<[CatalogRow, ListingRow]>(rows, store.list(copy.mirror, { signal }));
  await parallel(changes(merged, deps), deps.atOnce, signal, (change, inner) =>
    converge(change, copy, { ...at, signal: inner }, tally),
  );
  await restoreContainerHeaders(copy.mirror, copy.headers, at, tally);
}

async function* changes(
  merged: ReturnType<typeof mergeByName<[CatalogRow, ListingRow]>>,
  deps: RestoreDeps,
): AsyncGenerator<Change> {
  const nowMs = deps.ambient.clock.now();
  for await (const { name, groups } of merged) {
    const row = groups[0].at(-1);
    const isExpired = expiryMs(row?.headers) <= nowMs;
    const change = { name, row: isExpired ? undefined : row, listed: groups[1].at(-1) };
    if (change.row !== undefined || change.listed !== undefined) yield change;
  }
}

async function converge(
  { name, row, listed }: Change,
  copy: MirrorCopy,
  at: TargetContext,
  tally: RestoreTally,
): Promise<void> {
  const store = at.target.objectStore;
  if (row === undefined) {
    if (await store.delete(copy.mirror, name, { signal: at.signal })) tally.removed += 1;
    return;
  }
  tally.restored(row);
  if (!(await isCurrent(row, listed, copy, at))) {
    await makeCurrent(row, copy, at);
    tally.reverted += 1;
  }
  // Swift keeps the expiry on the current link alone, where no listing shows it: set it in any case.
  if (expiryMs(row.headers) < Infinity)
    await store.post(copy.mirror, name, headersToPut(row), at.signal);
}

/** An SLO that was reverted before is another version with the same manifest and metadata: ask. */
async function isCurrent(
  row: CatalogRow,
  listed: ListingRow | undefined,
  copy: MirrorCopy,
  at: TargetContext,
): Promise<boolean> {
  if (listed === undefined) return false;
  if (versionOf(listed) === row.version) return true;
  if (row.sloEtag === undefined || row.sloEtag !== listed.sloEtag) return false;
  if (row.contentType !== listed.contentType) return false;
  const info = await at.target.objectStore.head(copy.mirror, row.name, { signal: at.signal });
  return info !== null && hasEqualMetadata(metadataOf(info), row.headers);
}

/**
 * Swift makes a kept version current by a link. For an SLO that link forgets in the listing that it
 * is one, and its size: its manifest is copied onto itself instead.
 */
async function makeCurrent(row: CatalogRow, copy: MirrorCopy, at: TargetContext): Promise<void> {
  const store = at.target.objectStore;
  const { name, version } = row;
  const isDone =
    kindOf(row) === 'slo'
      ? (await store.copy(
          { container: copy.mirror, object: name, versionId: version },
          { container: copy.mirror, object: name },
          { manifest: true, signal: at.signal },
        )) !== null
      : await store.restoreVersion(copy.mirror, name, version, at.signal);
  if (!isDone) throw versionMissing(copy, row);
}

export function versionMissing(copy: MirrorCopy, row: CatalogRow): FarshoreError {
  return new FarshoreError(`version ${row.version} is not in the mirror`, {
    code: 'container.version-missing',
    kind: 'permanent',
    operation: 'restore object',
    subject: `${copy.mirror}/${row.name}`,
    hint: 'verify the point and take one that is whole',
  });
}
