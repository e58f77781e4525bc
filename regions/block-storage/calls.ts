import { Answer } from '../answer.ts';
import type { JsonRequest, ServiceClient } from '../http/service-client.ts';

/** Rows a page; Cinder lowers it to its own `osapi_max_limit` (1,000 unless configured). */
const pageRows = 500;

type Query = Readonly<Record<string, string | number | boolean>>;

/** Sends one JSON call and gives its body for reading. */
export async function call(client: ServiceClient, request: JsonRequest): Promise<Answer> {
  const response = await client.json(request);
  return new Answer(response.body, source(client, request.operation));
}

/** GET of one thing, below its own key; null when it does not exist. */
export async function getOne(
  client: ServiceClient,
  what: { readonly path: string; readonly key: string; readonly id: string },
  signal?: AbortSignal,
): Promise<Answer | null> {
  const operation = `read ${what.key}`;
  const response = await client.json({
    method: 'GET',
    path: `${what.path}/${encodeURIComponent(what.id)}`,
    operation,
    subject: what.id,
    ok: [200, 404],
    signal,
  });
  if (response.status === 404) return null;
  return new Answer(response.body, source(client, operation)).object(what.key);
}

/** Cinder accepts the deletion (202) and does it later: wait with `waitUntilGone`. False when there was nothing. */
export async function deleteOne(
  client: ServiceClient,
  what: { readonly path: string; readonly key: string; readonly id: string },
  signal?: AbortSignal,
): Promise<boolean> {
  const response = await client.json({
    method: 'DELETE',
    path: `${what.path}/${encodeURIComponent(what.id)}`,
    operation: `delete ${what.key}`,
    subject: what.id,
    ok: [202, 204, 404],
    signal,
  });
  return response.status !== 404;
}

/**
 * All pages of a list, one at a time in memory. Cinder puts a `next` link into `<key>_links` as long
 * as a page was full; only its marker is used, because its host is the one Cinder believes to have.
 * When the row that is the marker is deleted between two pages, Cinder refuses the next one: an error,
 * never a list cut short. `byMarker` is for lists that have no links: they are read until a page is empty.
 */
export async function* listAll(
  client: ServiceClient,
  list: {
    readonly path: string;
    readonly key: string;
    readonly query?: Query;
    readonly byMarker?: boolean;
  },
  signal?: AbortSignal,
): AsyncGenerator<Answer, void, undefined> {
  const operation = `list ${list.key.replace('_', ' ')}`;
  let marker: string | undefined;
  for (;;) {
    const body = await call(client, {
      method: 'GET',
      path: list.path,
      query: { ...list.query, limit: pageRows, ...(marker === undefined ? {} : { marker }) },
      operation,
      ok: [200],
      signal,
    });
    const rows = body.objects(list.key);
    yield* rows;
    const next = list.byMarker ? rows.at(-1)?.string('id') : nextMarker(body, list.key);
    if (next === undefined || next === marker) return;
    marker = next;
  }
}

function nextMarker(body: Answer, key: string): string | undefined {
  if (body.raw(`${key}_links`) === undefined) return undefined;
  const link = body.objects(`${key}_links`).find((each) => each.stringOr('rel', '') === 'next');
  if (link === undefined) return undefined;
  return new URLSearchParams(link.string('href').split('?')[1] ?? '').get('marker') ?? undefined;
}

function source(client: ServiceClient, operation: string): ConstructorParameters<typeof Answer>[1] {
  return { region: client.region, service: client.service, operation };
}
