import { jsonReply, type Reply } from '../../http/reply.ts';
import type { ImageRequest } from '../image-request.ts';
import { isVisible } from '../records/access.ts';
import { type ImageRow, imageView } from '../records/image-row.ts';
import type { ImageStore } from '../records/image-store.ts';
import { badRequest, forbidden } from '../replies/image-refusal.ts';
import { type ListQuery, listQuery, type SortBy, type SortKey } from './list-query.ts';

/** GET /v2/images */
export async function listImages(request: ImageRequest, store: ImageStore): Promise<Reply> {
  const query = listQuery(request.call.query);
  const found: ImageRow[] = [];
  for await (const row of store.all())
    if (isListed(request, row, query) && query.conditions.every((holds) => holds(row)))
      found.push(row);
  found.sort((one, other) => order(one, other, query.sort));
  const marker = await markerRow(request, store, query.marker);
  const after =
    marker === undefined ? found : found.filter((row) => order(row, marker, query.sort) > 0);
  const page = after.slice(0, query.limit);
  const last = page.at(-1);
  const next = last !== undefined && page.length === query.limit ? last.id : undefined;
  return jsonReply(200, {
    images: page.map(imageView),
    ...links(request.call.query, next),
    schema: '/v2/schemas/images',
  });
}

/** Less than may be seen: community images of others, and what was not accepted, only when asked for. */
function isListed(request: ImageRequest, row: ImageRow, query: ListQuery): boolean {
  const { owner, isAdmin } = request;
  const isOwn = owner !== null && row.owner === owner;
  const { visibility, memberStatus } = query;
  if (visibility === undefined && row.visibility === 'community' && !isOwn) return false;
  if (visibility !== undefined && visibility !== 'all' && row.visibility !== visibility)
    return false;
  if (isAdmin || isOwn || row.visibility === 'public' || row.visibility === 'community')
    return true;
  if (row.visibility !== 'shared') return false;
  return row.members.some(
    ({ member_id, status }) =>
      member_id === owner && (memberStatus === 'all' || status === memberStatus),
  );
}

async function markerRow(
  request: ImageRequest,
  store: ImageStore,
  id: string | undefined,
): Promise<ImageRow | undefined> {
  if (id === undefined) return undefined;
  const row = await store.get(id);
  if (row === undefined) throw badRequest(`No image found with ID ${id}`);
  if (!isVisible(request, row)) throw forbidden(`Forbidding request, image ${id} not visible`);
  return row;
}

function order(one: ImageRow, other: ImageRow, sort: readonly SortBy[]): number {
  for (const { key, isDescending } of sort) {
    const first = sortValue(one, key);
    const second = sortValue(other, key);
    if (first === second) continue;
    return first < second === isDescending ? 1 : -1;
  }
  return 0;
}

function sortValue(row: ImageRow, key: SortKey): string | number {
  return row[key] ?? (key === 'size' ? 0 : '');
}

/** Of each parameter the last, as a dictionary keeps them. */
function links(
  query: URLSearchParams,
  nextMarker: string | undefined,
): { readonly first: string; readonly next?: string } {
  const kept = new Map(query);
  kept.delete('marker');
  const first = link(kept);
  return nextMarker === undefined
    ? { first }
    : { first, next: link(kept.set('marker', nextMarker)) };
}

function link(parameters: ReadonlyMap<string, string>): string {
  const query = new URLSearchParams([...parameters])
    .toString()
    .replaceAll('*', '%2A')
    .replaceAll('%7E', '~');
  return query === '' ? '/v2/images' : `/v2/images?${query}`;
}
