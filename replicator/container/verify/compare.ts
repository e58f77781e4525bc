import type { ListingRow, ObjectInfo } from '../../../regions/object-store/types.ts';
import type { Finding } from '../../mover.ts';
import { kindOf, type CatalogRow } from '../catalog/row.ts';

export interface Flaw {
  readonly problem: Finding['problem'];
  readonly detail: string;
}

type Listed = Pick<ListingRow, 'hash' | 'bytes' | 'sloEtag'>;

/** What is wrong with a listed version; null when it is the one that the row tells of. */
export function flawOf(row: CatalogRow, listed: Listed): Flaw | null {
  // It has no bytes of its own; of a static one a container with versioning lists the target's size.
  if (kindOf(row) === 'symlink') return null;
  if (listed.bytes !== row.bytes)
    return {
      problem: listed.bytes < row.bytes ? 'truncated' : 'altered',
      detail: `expected ${row.bytes} bytes, found ${listed.bytes}`,
    };
  const [expected, found] =
    row.sloEtag === undefined ? [row.hash, listed.hash] : [row.sloEtag, listed.sloEtag ?? 'none'];
  return expected === found
    ? null
    : { problem: 'altered', detail: `expected ETag ${expected}, found ${found}` };
}

/** The same for what a HEAD of the version says; listings lag behind it. */
export function flawOfInfo(row: CatalogRow, info: ObjectInfo): Flaw | null {
  return flawOf(row, {
    hash: info.etag,
    bytes: info.bytes,
    ...(info.isSlo ? { sloEtag: info.etag } : {}),
  });
}

export const missing: Flaw = { problem: 'missing', detail: 'the version is not in the mirror' };
