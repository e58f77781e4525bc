import { request } from 'node:http';
import { expect } from 'chai';
import fc from 'fast-check';
import { EmbeddedGlance } from './rig.ts';

const id = '11111111-aaaa-4bbb-8ccc-000000000007';

const oddText = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom('', '%', '%ff', '%00', '..', '\u{1f600}', '__proto__', 'x'.repeat(3_000)),
);
const segment = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('images', id, 'file', 'members', 'tags', 'stage') },
  {
    weight: 2,
    arbitrary: fc.constantFrom('import', 'actions', 'deactivate', 'schemas', 'info', 'tasks', ''),
  },
  { weight: 1, arbitrary: oddText },
);
const path = fc
  .tuple(fc.constantFrom('/v2/', '/v2/images/', `/v2/images/${id}/`, '/'), fc.array(segment))
  .map(([start, parts]) => start + parts.join('/'));
const filter = fc.constantFrom(
  ...['limit', 'marker', 'sort', 'sort_key', 'sort_dir', 'size_min', 'x_max', 'created_at', 'name'],
  ...['tag', 'os_hidden', 'visibility', 'member_status', 'constructor', 'properties', 'members'],
);
const query = fc.array(fc.tuple(filter, fc.oneof(oddText, fc.constantFrom('in:a,"b', 'gt:2026'))), {
  maxLength: 4,
});
const operation = fc.record(
  {
    op: fc.constantFrom('add', 'replace', 'remove', 'move', 5),
    path: fc.oneof(
      fc.constantFrom('/name', '/tags', '/min_disk', '/locations/-', '/__proto__', '/x', '/a~'),
      fc.jsonValue(),
    ),
    value: fc.jsonValue(),
  },
  { requiredKeys: [] },
);
const body = fc.oneof(
  fc.json(),
  fc.string(),
  fc.array(operation).map((patch) => JSON.stringify(patch)),
  fc
    .dictionary(
      fc.constantFrom('name', 'id', 'tags', 'member', 'status', 'method', '__proto__'),
      fc.jsonValue(),
    )
    .map((fields) => JSON.stringify(fields)),
);
const headers = fc.dictionary(
  fc.constantFrom('range', 'content-range', 'accept', 'content-type', 'x-openstack-request-id'),
  fc.constantFrom(
    ...['bytes=0-99999999999999999999', 'bytes=-', 'bytes 5-1/2', 'text/*;q=x', ',;', '\xff'],
    ...['application/octet-stream', 'application/openstack-images-v2.1-json-patch'],
  ),
);
const method = fc.constantFrom(
  'GET',
  'PUT',
  'POST',
  'PATCH',
  'DELETE',
  'HEAD',
  'OPTIONS',
  'PROPFIND',
);

describe('embedded Glance: whatever is asked', () => {
  it('is answered, and never with a fault of its own', async () => {
    await using glance = await EmbeddedGlance.open();
    await glance.create({ id });
    await fc.assert(
      fc.asyncProperty(method, path, query, headers, body, async (...asked) => {
        const status = await statusOf(glance.url, ...asked);
        expect(status).to.be.within(200, 501).and.not.equal(500);
      }),
      { numRuns: 400 },
    );
  });
});

function statusOf(
  url: string,
  verb: string,
  below: string,
  parameters: readonly (readonly [string, string])[],
  more: Readonly<Record<string, string>>,
  sent: string,
): Promise<number> {
  const asked = parameters.map(([name, value]) => `${name}=${value}`).join('&');
  const target = new URL(url);
  // Only what no client could send is made sendable.
  const raw = `${target.pathname}${below}?${asked}`.replace(/[^\x21-\x7e]/g, firstByte);
  return new Promise((done, fail) => {
    const outgoing = request({
      host: target.hostname,
      port: target.port,
      method: verb,
      path: raw,
      headers: { 'x-auth-token': 'one', ...more },
    });
    outgoing.on('error', fail);
    outgoing.on('response', (response) => {
      response.resume();
      response.on('end', () => done(response.statusCode ?? 0));
    });
    outgoing.end(sent);
  });
}

function firstByte(sign: string): string {
  return `%${Buffer.from(sign).toString('hex').slice(0, 2)}`;
}
