import type { Range } from '../../store/tables.ts';
import { omit } from '../omit.ts';
import { compareNames } from './compare-names.ts';
import type { ListingQuery } from './listing-query.ts';

/** A row of a listing, or in its place the folder that it and its neighbours are in. */
export type Listed<T> = { readonly name: string; readonly record: T } | { readonly subdir: string };

/** Rows of one folder that are read and dropped before it is worth looking for its end. */
const mostSkipped = 100;

/** One page of a listing: the rules of Swift's database layer. */
export async function walk<T>(
  rows: (range: Range) => AsyncIterable<readonly [name: string, record: T]>,
  query: ListingQuery,
): Promise<readonly Listed<T>[]> {
  const { isReverse, limit } = query;
  const rules = rulesOf(query);
  const page: Listed<T>[] = [];
  let range: Range = rules.range;
  for (let isMore = limit > 0; isMore;) {
    isMore = false;
    let folder: string | undefined;
    let skipped = 0;
    for await (const [name, record] of rows({
      ...range,
      reverse: isReverse,
      ...(rules.delimiter === '' ? { limit } : {}),
    })) {
      if (folder !== undefined && name.startsWith(folder)) {
        if (++skipped < mostSkipped) continue;
        range = isReverse ? { ...range, lt: folder } : { ...omit(range, 'gt'), gte: after(folder) };
        isMore = true;
        break;
      }
      if (page.length >= limit) break;
      folder = rules.folderOf(name);
      skipped = 0;
      if (folder === undefined) {
        if (!rules.isHidden(name)) page.push({ name, record });
      } else if (rules.showsFolders && folder !== rules.ownFolder) page.push({ subdir: folder });
    }
  }
  return page;
}

interface Rules {
  readonly range: Range;
  readonly delimiter: string;
  /** The folder below the prefix that the name is in. */
  folderOf(name: string): string | undefined;
  isHidden(name: string): boolean;
  readonly showsFolders: boolean;
  /** The page before ended with it. */
  readonly ownFolder: string;
}

function rulesOf(query: ListingQuery): Rules {
  const { path, isReverse } = query;
  const [marker, endMarker] = isReverse
    ? [query.endMarker, query.marker]
    : [query.marker, query.endMarker];
  const folder = path === undefined || path === '' ? path : `${path.replace(/\/+$/, '')}/`;
  const prefix = folder ?? query.prefix;
  const delimiter = folder === undefined ? query.delimiter : '/';
  return {
    range: rangeOf(prefix, marker, endMarker),
    delimiter,
    folderOf: (name) => {
      const at = delimiter === '' ? -1 : name.indexOf(delimiter, prefix.length);
      if (at < 0) return undefined;
      const end = at + delimiter.length;
      // `path` lists what stands for a folder itself.
      return folder !== undefined && name.length === end ? undefined : name.slice(0, end);
    },
    isHidden: (name) => name === folder,
    showsFolders: folder === undefined,
    ownFolder: marker,
  };
}

function rangeOf(prefix: string, marker: string, endMarker: string): Range {
  const end = prefix === '' ? undefined : after(prefix);
  const isMarkerWithin = marker !== '' && (prefix === '' || compareNames(marker, prefix) >= 0);
  const isEndWithin = endMarker !== '' && (end === undefined || compareNames(endMarker, end) < 0);
  return {
    ...(isMarkerWithin ? { gt: marker } : { gte: prefix }),
    ...(isEndWithin ? { lt: endMarker } : end === undefined ? {} : { lt: end }),
  };
}

/** The first name after all that begin so. */
function after(prefix: string): string {
  const points = Array.from(prefix);
  const last = points.pop()?.codePointAt(0) ?? 0;
  // Code points that are halves of a pair stand for no character.
  const next = last + 1 === 0xd800 ? 0xe000 : last + 1;
  if (last >= 0x10ffff) return points.length === 0 ? prefix : after(points.join(''));
  return points.join('') + String.fromCodePoint(next);
}
