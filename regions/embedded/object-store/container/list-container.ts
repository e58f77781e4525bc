import type { Reply } from '../../http/reply.ts';
import { emptyListing, type Item, listingReply, listingType } from '../listing/formats.ts';
import { listingQuery } from '../listing/listing-query.ts';
import { walk } from '../listing/walk.ts';
import { notFound } from '../refusals.ts';
import type { Core, Request } from '../request.ts';
import { containerHeaders } from './container-headers.ts';
import { listVersions } from './list-versions.ts';
import { objectItem } from './object-item.ts';

/** GET and HEAD of a container. */
export async function listContainer(core: Core, request: Request): Promise<Reply> {
  const { account, container } = request;
  const { state } = core;
  const type = listingType(request);
  const query = listingQuery(request);
  await state.settle(account, container);
  const record = await state.container(account, container);
  if (record === undefined) throw notFound();
  const listing = {
    request,
    type,
    headers: containerHeaders(request, record),
    element: 'object',
    name: container,
  } as const;
  if (request.method === 'HEAD') return emptyListing(listing);
  const rows = await walk((range) => state.rows(account, container, 'object', range), query);
  const items = rows.map((row): Item =>
    'subdir' in row ? row : objectItem(request, row.name, row.record),
  );
  if (!request.query.has('versions')) return listingReply(listing, items);
  return listingReply(
    { ...listing, type: 'application/json' },
    await listVersions(core, request, query, rows),
  );
}
