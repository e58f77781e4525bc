import type { Reply } from '../../http/reply.ts';
import type { HeaderMap } from '../records.ts';
import { page } from '../refusals.ts';
import type { Request } from '../request.ts';
import { accepted } from './accept.ts';

export type Item = Readonly<Record<string, string | number | boolean>>;

const byFormat: Readonly<Record<string, string>> = Object.freeze({
  plain: 'text/plain',
  json: 'application/json',
  xml: 'application/xml',
});
const offered = ['text/plain', 'application/json', 'application/xml', 'text/xml'];

/** What the request wants a listing to be. Throws Refusals of 400 and 406. */
export function listingType({ query, headers }: Request): string {
  const format = query.get('format') ?? '';
  const wanted = format === '' ? headers.accept : (byFormat[format.toLowerCase()] ?? 'text/plain');
  const type = accepted(wanted, offered);
  if (type === undefined) throw page(406);
  return type;
}

export interface Listing {
  readonly request: Request;
  readonly type: string;
  readonly headers: HeaderMap;
  /** Of the rows: `object` or `container`; the document is of what holds them. */
  readonly element: 'container' | 'object';
  readonly name: string;
}

/** An answer to GET of a container or an account. */
export function listingReply(listing: Listing, items: readonly Item[]): Reply {
  const { type } = listing;
  const body = type.endsWith('xml')
    ? xml(listing, items)
    : type === 'text/plain'
      ? items.map((item) => `${String(item.name ?? item.subdir)}\n`).join('')
      : JSON.stringify(items);
  const headers = {
    ...emptyListing(listing).headers,
    'content-length': String(Buffer.byteLength(body)),
  };
  return { status: body === '' ? 204 : 200, headers, body };
}

/** An answer to HEAD, whose length nobody knows. */
export function emptyListing({ request, type, headers }: Listing): Reply {
  const { query, method } = request;
  const isFixed = query.has('format') || (query.has('versions') && method === 'GET');
  const varies = isFixed ? {} : { vary: 'Accept' };
  return {
    status: 204,
    headers: {
      'content-type': `${type}; charset=utf-8`,
      'content-length': '0',
      ...headers,
      ...varies,
    },
  };
}

const fields = {
  container: ['name', 'count', 'bytes', 'last_modified'],
  object: ['name', 'hash', 'bytes', 'content_type', 'last_modified'],
};

function xml({ element, name }: Listing, items: readonly Item[]): string {
  const isAccount = element === 'container';
  const root = isAccount ? 'account' : 'container';
  const end = isAccount ? '\n' : '';
  const rows = items.map((item) => {
    if (item.subdir !== undefined) {
      const subdir = escaped(item.subdir);
      return isAccount
        ? `<subdir name="${subdir}" />\n`
        : `<subdir name="${subdir}"><name>${subdir}</name></subdir>`;
    }
    const values = fields[element].map((field) => `<${field}>${escaped(item[field])}</${field}>`);
    return `<${element}>${values.join('')}</${element}>${end}`;
  });
  const head = '<?xml version="1.0" encoding="UTF-8"?>\n';
  return `${head}<${root} name="${escaped(name)}">${end}${rows.join('')}</${root}>`;
}

function escaped(value: string | number | boolean | undefined): string {
  return String(value ?? '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
