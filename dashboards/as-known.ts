/** True of the controllers whose state is that of a majority, and not an old one. */
const fresh = 'and on (instance, job) farshore_store_has_quorum == 1';

/**
 * PromQL: a gauge that every controller shows alike, once. Of the controllers that see a majority of
 * the sites, since one that is cut off goes on showing what it knew; where none sees one, of all.
 * Should they differ for a moment, the largest or smallest.
 */
export function asKnown(metric: string, by: string, pick: 'max' | 'min' = 'max'): string {
  return `${pick} by (${by}) (${metric} ${fresh}) or ${pick} by (${by}) (${metric})`;
}
