import { versionName, splitVersionName } from '../keys.ts';
import { accepted } from '../listing/accept.ts';
import { compareNames } from '../listing/compare-names.ts';
import type { Item } from '../listing/formats.ts';
import type { ListingQuery } from '../listing/listing-query.ts';
import { type Listed, walk } from '../listing/walk.ts';
import { deletedType } from '../find-object.ts';
import type { RowRecord } from '../records.ts';
import { page } from '../refusals.ts';
import type { Core, Request } from '../request.ts';
import { parseStamp, stamp } from '../times.ts';
import { objectItem } from './object-item.ts';

/**
 * What `versions` lists: all versions, and of the objects themselves those that are none. Which one
 * is the latest is told from the rows of this page alone, as Swift does. Throws Refusals of 400, 406.
 */
export async function listVersions(
  core: Core,
  request: Request,
  query: ListingQuery,
  objects: readonly Listed<RowRecord>[],
): Promise<readonly Item[]> {
  if (accepted(request.headers.accept, ['application/json']) === undefined) throw page(406);
  if (/[\d.\0]/.test(query.delimiter)) throw page(400, 'invalid delimiter param');
  const { account, container } = request;
  const versions = await walk((range) => core.state.rows(account, container, 'version', range), {
    ...query,
    marker: versionMarker(request, query),
    endMarker: '',
    path: undefined,
  });
  const items: Item[] = [];
  const folders = new Set<string>();
  const currentIds = new Map<string, number>();
  const settled = new Set<string>();
  for (const row of objects) {
    if ('subdir' in row) folders.add(row.subdir);
    else if (row.record.versionId !== undefined) currentIds.set(row.name, row.record.versionId);
    else {
      const item = objectItem(request, row.name, row.record);
      items.push({ ...item, version_id: 'null', is_latest: true });
      settled.add(row.name);
    }
  }
  for (const row of versions) {
    if ('subdir' in row) {
      folders.add(row.subdir);
      continue;
    }
    const [name, id] = splitVersionName(row.name);
    const isLatest =
      currentIds.get(name) === id || (row.record.contentType === deletedType && !settled.has(name));
    if (isLatest) settled.add(name);
    if (currentIds.get(name) === id) currentIds.delete(name);
    const item = objectItem(request, name, row.record);
    items.push({ ...item, is_latest: isLatest, version_id: stamp(id) });
  }
  for (const subdir of folders) items.push({ subdir });
  return sorted(items, query);
}

/** The version rows have names that go on after the object's; `:` comes after all of their digits. */
function versionMarker({ query }: Request, { marker }: ListingQuery): string {
  const version = query.get('version_marker');
  if (version !== null && !query.has('marker'))
    throw page(400, 'version_marker param requires marker');
  if (version !== null && version !== 'null') {
    const id = parseStamp(version);
    if (id === undefined) throw page(400, 'invalid version_marker param');
    return versionName(marker, id);
  }
  return query.has('marker') && version === null ? `${marker}\0:` : marker;
}

function sorted(items: Item[], { isReverse, limit }: ListingQuery): readonly Item[] {
  const keyOf = (item: Item) => String(item.subdir ?? item.name);
  const sign = isReverse ? -1 : 1;
  items.sort((left, right) => sign * compareNames(keyOf(left), keyOf(right)));
  return items.slice(0, limit);
}
