import type { Reply } from '../../http/reply.ts';
import { authorize, isOwner } from '../acl.ts';
import { emptyListing, type Item, listingReply, listingType } from '../listing/formats.ts';
import { listingQuery } from '../listing/listing-query.ts';
import { walk } from '../listing/walk.ts';
import { checkMetadata, limits, merged } from '../metadata.ts';
import { checkQuotaHeaders } from '../quotas.ts';
import type { AccountRecord, HeaderMap } from '../records.ts';
import { page, statusReply } from '../refusals.ts';
import type { Core, Request } from '../request.ts';
import { listingTime, stamp } from '../times.ts';

/** GET, HEAD and POST of an account. It comes to be with its first container or metadata. */
export async function accountReply(core: Core, request: Request): Promise<Reply> {
  await authorize(core, request);
  const length = Buffer.byteLength(request.account);
  if (length > limits.accountNameBytes)
    throw page(400, `Account name length of ${length} longer than ${limits.accountNameBytes}`);
  return request.method === 'POST' ? postAccount(core, request) : listAccount(core, request);
}

/** What an account is before anything was put in it. */
export function newAccount(core: Core): AccountRecord {
  return { createdAt: core.state.tick(), headers: {}, containers: 0, objects: 0, bytes: 0 };
}

async function postAccount(core: Core, request: Request): Promise<Reply> {
  checkMetadata(request.headers, 'account');
  checkQuotaHeaders(request);
  await core.state.change(request.account, async (change) => {
    const record = (await change.account()) ?? newAccount(core);
    const isKept = (name: string) => name.startsWith('x-account-meta-') && maySet(request, name);
    const headers = merged(record.headers, request.headers, 'account', isKept);
    change.putAccount({ ...record, headers });
  });
  return statusReply(204);
}

async function listAccount(core: Core, request: Request): Promise<Reply> {
  const type = listingType(request);
  const query = listingQuery(request);
  const { state } = core;
  await state.settle(request.account);
  const record = (await state.account(request.account)) ?? newAccount(core);
  const listing = {
    request,
    type,
    headers: accountHeaders(request, record),
    element: 'container',
    name: request.account,
  } as const;
  if (request.method === 'HEAD') return emptyListing(listing);
  const rows = await walk((range) => state.containers(request.account, range), {
    ...query,
    path: undefined,
  });
  const items = rows.map((row): Item => {
    if ('subdir' in row) return row;
    const { objects, bytes, versions, changedAt } = row.record;
    return {
      name: row.name,
      count: objects,
      bytes: bytes + (versions?.bytes ?? 0),
      last_modified: listingTime(changedAt),
    };
  });
  return listingReply(listing, items);
}

function accountHeaders(request: Request, record: AccountRecord): HeaderMap {
  const counts = {
    'container-count': String(record.containers),
    'object-count': String(record.objects),
    'bytes-used': String(record.bytes),
  };
  const policy = 'x-account-storage-policy-policy-0-';
  return {
    ...headersOf(counts, 'x-account-'),
    'x-timestamp': stamp(record.createdAt),
    ...(record.containers === 0 ? {} : headersOf(counts, policy)),
    'accept-ranges': 'bytes',
    ...Object.fromEntries(Object.entries(record.headers).filter(([name]) => maySet(request, name))),
  };
}

function headersOf(values: HeaderMap, prefix: string): HeaderMap {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + name, value]));
}

/** The keys of temporary URLs are the owner's alone to see and set. */
function maySet(request: Request, name: string): boolean {
  return !name.startsWith('x-account-meta-temp-url-key') || isOwner(request);
}
