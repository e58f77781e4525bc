import type { ListingRow } from '../../../regions/object-store/types.ts';
import { holdsBytesOf, kindOf, versionOf, type CatalogRow } from '../catalog/row.ts';

/** What is to be done for one name. */
export type Step =
  /** As in the copy before: its row, version included, is the new one. */
  | { readonly act: 'carry'; readonly row: CatalogRow }
  /** Gone from the source: what the mirror shows is deleted, the versions stay. */
  | { readonly act: 'delete'; readonly name: string }
  /** The bytes lie in the mirror; the metadata may differ. `known` is what that version is recorded to have. */
  | {
      readonly act: 'refresh';
      readonly source: ListingRow;
      readonly version: string;
      readonly known: CatalogRow | null;
    }
  | { readonly act: 'ship'; readonly source: ListingRow }
  /** Waits for what it refers to. */
  | { readonly act: 'defer'; readonly source: ListingRow; readonly kind: 'slo' | 'symlink' }
  | { readonly act: 'nothing'; readonly name: string };

export interface Known {
  readonly name: string;
  readonly source?: ListingRow | undefined;
  readonly previous?: CatalogRow | undefined;
  readonly mirror?: ListingRow | undefined;
}

export interface PlanRules {
  /** Of the source: tells a symlink from the link that versioning keeps for every object. */
  readonly account: string;
  readonly container: string;
  /** Whether the mirror's listing was read along. */
  readonly isReconciling: boolean;
  readonly isDamaged: (name: string) => boolean;
}

/**
 * Trusts the copy before, which was proven, row by row: equal hash, length, type and time in the
 * source's listing mean the same object. What is damaged there is neither carried nor found again in
 * the mirror, whatever the mirror's listing says.
 */
export function planStep(known: Known, rules: PlanRules): Step {
  const { name, source, previous, mirror } = known;
  if (source === undefined) {
    const isThere = rules.isReconciling ? mirror !== undefined : previous !== undefined;
    return { act: isThere ? 'delete' : 'nothing', name };
  }
  const isDamaged = rules.isDamaged(name);
  if (previous !== undefined && !isDamaged && isUnchanged(source, previous))
    return { act: 'carry', row: previous };
  if (source.sloEtag !== undefined) return { act: 'defer', source, kind: 'slo' };
  if (isSymlink(source, rules)) return { act: 'defer', source, kind: 'symlink' };
  if (isDamaged || source.bytes === 0) return { act: 'ship', source };
  if (previous !== undefined && kindOf(previous) === 'plain' && holdsBytesOf(previous, source))
    return { act: 'refresh', source, version: previous.version, known: previous };
  const version = mirror === undefined ? undefined : versionOf(mirror);
  if (mirror !== undefined && version !== undefined && holdsBytesOf(source, mirror))
    return { act: 'refresh', source, version, known: null };
  return { act: 'ship', source };
}

function isUnchanged(source: ListingRow, previous: CatalogRow): boolean {
  return (
    source.hash === previous.hash &&
    source.bytes === previous.bytes &&
    source.contentType === previous.contentType &&
    source.lastModified === previous.lastModified
  );
}

export function isSymlink(
  row: ListingRow,
  source: { readonly account: string; readonly container: string },
): boolean {
  const own = `/v1/${source.account}/${source.container}/${row.name}?version-id=`;
  return row.symlinkPath?.startsWith(own) === false;
}
