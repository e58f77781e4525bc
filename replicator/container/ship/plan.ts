import type { ListingRow } from '../../../regions/object-store/types.ts';
import { kindOf, type CatalogRow } from '../catalog/row.ts';

/** What is to be done for one name. */
export type Step =
  /** Nothing changed: the row is the new one. */
  | { readonly act: 'carry'; readonly row: CatalogRow; readonly isShipped: boolean }
  /** The bytes lie in the bank; metadata may differ. */
  | { readonly act: 'describe'; readonly source: ListingRow; readonly known: CatalogRow }
  | { readonly act: 'read'; readonly source: ListingRow; readonly as: 'object' | 'slo' | 'symlink' }
  | { readonly act: 'nothing'; readonly name: string };

export interface Known {
  readonly name: string;
  readonly source?: ListingRow | undefined;
  /** What this session stored already, before it was interrupted. */
  readonly shipped: readonly CatalogRow[];
  /** Of the point before, and of other parts of this session. */
  readonly previous: readonly CatalogRow[];
}

export interface PlanRules {
  /** Of the source: tells a symlink from the link that versioning keeps for every object. */
  readonly account: string;
  readonly container: string;
  readonly isDamaged: (row: CatalogRow) => boolean;
}

/**
 * Trusts the copy before, which was proven, row by row: equal hash, length, type and time in the
 * source's listing mean the same object. Listings are compared with listings, since their form of a
 * type is not that of the object. What is damaged in the bank is taken from nowhere but the source.
 */
export function planStep({ name, source, shipped, previous }: Known, rules: PlanRules): Step {
  if (source === undefined) return { act: 'nothing', name };
  const isSame = (row: CatalogRow) => isUnchanged(source, row) && !rules.isDamaged(row);
  const before = previous.find(isSame);
  if (before !== undefined) return { act: 'carry', row: before, isShipped: false };
  const own = shipped.find(isSame);
  if (own !== undefined) return { act: 'carry', row: own, isShipped: true };
  if (source.sloEtag !== undefined) return { act: 'read', source, as: 'slo' };
  if (isSymlink(source, rules)) return { act: 'read', source, as: 'symlink' };
  const known = [...previous, ...shipped].find(
    (row) => hasBytesOf(row, source) && !rules.isDamaged(row),
  );
  if (known !== undefined) return { act: 'describe', source, known };
  return { act: 'read', source, as: 'object' };
}

function isUnchanged(source: ListingRow, { listed, ...row }: CatalogRow): boolean {
  return (
    source.hash === listed.hash &&
    source.lastModified === listed.at &&
    source.bytes === row.bytes &&
    source.sloEtag === row.sloEtag &&
    source.contentType === (listed.type ?? row.contentType)
  );
}

/** Within one name an equal MD5 and length stand for equal bytes. */
function hasBytesOf(row: CatalogRow, source: ListingRow): boolean {
  const isOfBytes = row.key !== undefined && kindOf(row) !== 'slo';
  return isOfBytes && row.md5 === source.hash && row.bytes === source.bytes;
}

function isSymlink(
  row: ListingRow,
  source: { readonly account: string; readonly container: string },
): boolean {
  const own = `/v1/${source.account}/${source.container}/${row.name}?version-id=`;
  return row.symlinkPath?.startsWith(own) === false;
}
