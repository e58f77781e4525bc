import type { TargetContext } from '../../mover.ts';
import { parallel } from '../../transfer/parallel.ts';
import {
  catalogRows,
  hasEqualMetadata,
  kindOf,
  metadataOf,
  type CatalogRow,
} from '../catalog/row.ts';
import { readManifest, segmentRefs, sloEtagOf } from '../ship/manifest.ts';
import type { MirrorCopy } from '../types.ts';
import { flawOf, missing, type Flaw } from './compare.ts';
import type { Findings } from '../../findings.ts';
import type { VerifyDeps } from './listing.ts';
import { readBack } from './read-back.ts';
import type { SegmentCheck } from './segments.ts';

/** Read at once: bytes are hashed as they come, 64 KiB of each held. */
const readsAtOnce = 8;

/** Reads every version that the catalog names back from the mirror, bytes and properties. */
export async function verifyContent(
  copy: MirrorCopy,
  at: TargetContext,
  deps: VerifyDeps,
  findings: Findings,
  segments: SegmentCheck,
): Promise<void> {
  const rows = catalogRows(at.bank.readCatalog(copy.catalog, at.signal));
  await parallel(rows, readsAtOnce, at.signal, async (row, signal) => {
    const flaw = await flawIn(row, copy, { ...at, signal }, deps, segments);
    findings.saw(row.bytes);
    if (flaw !== null) findings.add(`${copy.container}/${row.name}`, flaw.problem, flaw.detail);
    await segments.settle();
  });
}

async function flawIn(
  row: CatalogRow,
  copy: MirrorCopy,
  at: TargetContext,
  deps: VerifyDeps,
  segments: SegmentCheck,
): Promise<Flaw | null> {
  const store = at.target.objectStore;
  const versionId = row.version;
  if (kindOf(row) === 'slo') return await flawInManifest(row, copy, at, segments);
  const read = await readBack(
    (signal) =>
      store.get(copy.mirror, row.name, { versionId, manifest: true, symlink: true, signal }),
    deps.ambient,
    at.signal,
  );
  if (read.state === 'missing') return missing;
  if (read.state === 'unreadable') return { problem: 'unreadable', detail: read.reason };
  const flaw = flawOf(row, { hash: read.md5, bytes: read.bytes });
  if (flaw !== null) return flaw;
  return hasEqualMetadata(metadataOf(read.info), row.headers)
    ? null
    : { problem: 'altered', detail: 'the metadata is not that of the source' };
}

/** An SLO is its manifest here: its segments are objects of catalogs of their own, read there. */
async function flawInManifest(
  row: CatalogRow,
  copy: MirrorCopy,
  at: TargetContext,
  segments: SegmentCheck,
): Promise<Flaw | null> {
  const store = at.target.objectStore;
  const { signal } = at;
  const options = { versionId: row.version, signal };
  const info = await store.head(copy.mirror, row.name, options);
  if (info === null) return missing;
  if (!info.isSlo) return { problem: 'altered', detail: 'it is no large object' };
  const manifest = await readManifest(store, copy.mirror, row.name, options);
  if (manifest === null) return missing;
  const etag = sloEtagOf(manifest);
  if (etag !== row.sloEtag)
    return { problem: 'altered', detail: `expected ETag ${row.sloEtag ?? ''}, found ${etag}` };
  segments.expect(`${copy.container}/${row.name}`, segmentRefs(manifest));
  return hasEqualMetadata(metadataOf(info), row.headers)
    ? null
    : { problem: 'altered', detail: 'the metadata is not that of the source' };
}
