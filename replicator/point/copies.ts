import { kindOf } from '../kinds.ts';
import type { Copy } from '../mover.ts';

/** Names in the bank of every catalog that restoring or checking this copy reads. */
export function catalogsOf(copy: Copy): readonly string[] {
  return kindOf(copy.kind).catalogs(copy);
}

/**
 * True when both stand for the very same stored bytes: the same objects, versions and hashes in the
 * secondary. Names and other attributes may differ; they are in the manifest and not in the data.
 */
export function isSameData(a: Copy, b: Copy): boolean {
  return a.bytes === b.bytes && a.objects === b.objects && dataOf(a) === dataOf(b);
}

/** Names the very same stored bytes: equal for two copies that stand for them. */
export function dataOf(copy: Copy): string {
  return `${copy.kind} ${JSON.stringify(kindOf(copy.kind).identity(copy))}`;
}

/**
 * What the copy depends on in the secondary, by names that mean the same in every point of the group:
 * a thing that is damaged is damaged for all of them.
 */
export function storedThingsOf(copy: Copy): readonly string[] {
  const catalogs = catalogsOf(copy).map((object) => `catalog/${object}`);
  return [...kindOf(copy.kind).storedThings(copy), ...catalogs];
}
