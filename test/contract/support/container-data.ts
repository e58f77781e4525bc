import { createHash, randomBytes } from 'node:crypto';
import { each } from './each.ts';
import { wire } from './outsider.ts';
import type { Row, SwiftUser } from './swift-user.ts';

const mib = 1024 * 1024;

const oddNames = [
  ...['a b', 'a?b#c%41', 'a&b;c="d"', "it's <b>`x`", 'new\nline', '/leading', 'two//slashes'],
  ...['dir/', 'ünï/cödé', '\uffee high', '\u{1f600} astral', 'x'.repeat(700)],
  ...['.hidden', '..', 'a/./b/../c'],
];

/** A container as users make them: odd names, metadata, large objects of both kinds, symlinks. */
export async function makeContainer(swift: SwiftUser, name: string, count: number): Promise<void> {
  const headers = { 'x-container-meta-colour': 'blue', 'x-container-read': '.r:*,.rlistings' };
  await swift.container('PUT', name, headers);
  await swift.container('PUT', `${name}-parts`);
  await each([...Array(count).keys()], (n) =>
    swift.put(name, `small/${String(n).padStart(5, '0')}`, `object ${n} `.repeat(1 + (n % 50)), {
      'content-type': 'text/plain',
      'x-object-meta-n': String(n),
    }),
  );
  const odd = { 'x-object-meta-note': wire('café'), 'content-disposition': 'attachment' };
  await each(oddNames, (each) => swift.put(name, each, `body of ${each}`, odd));
  await swift.put(name, 'empty', '');
  await swift.put(name, 'folder/', '', { 'content-type': 'application/directory' });
  await swift.put(name, 'later', 'expires', { 'x-delete-at': '1999999999' });
  await makeLarge(swift, name);
  await makeLinks(swift, name);
}

async function makeLarge(swift: SwiftUser, name: string): Promise<void> {
  await swift.putLarge(name, 'movie', randomBytes(5 * mib), mib);
  for (const n of [0, 1, 2]) await swift.put(`${name}-parts`, `log/${n}`, `part ${n};`);
  await swift.put(name, 'log', '', { 'x-object-manifest': `${name}-parts/log/` });
  const nested = [{ path: `/${name}/movie` }, { path: `/${name}-parts/log/0`, range: '0-3' }];
  await swift.object('PUT', name, 'nested', {
    body: JSON.stringify(nested),
    query: 'multipart-manifest=put',
    expected: 201,
  });
}

async function makeLinks(swift: SwiftUser, name: string): Promise<void> {
  const type = { 'content-type': 'application/symlink' };
  const link = (target: string) => ({ ...type, 'x-symlink-target': `${name}/${target}` });
  await swift.put(name, 'a link', '', link('small/00001'));
  const target = await swift.object('HEAD', name, 'small/00002');
  const etag = String(target.headers['etag']);
  const pinned = { ...link('small/00002'), 'x-symlink-target-etag': etag };
  await swift.put(name, 'a static link', '', pinned);
}

/** What may happen to it between two sessions: written, described, deleted, added. */
export async function changeContainer(swift: SwiftUser, name: string): Promise<void> {
  await swift.put(name, 'small/00000', 'overwritten');
  const posted = { 'x-object-meta-posted': 'yes' };
  const html = { ...posted, 'content-type': 'text/html' };
  await swift.object('POST', name, 'small/00003', { headers: html });
  await swift.object('DELETE', name, 'small/00004');
  await swift.object('DELETE', name, 'a link');
  await swift.put(name, 'added', 'a new one');
  await swift.object('POST', name, 'movie', { headers: posted });
}

/** All that a reader sees of a container. */
export interface Seen {
  readonly objects: Readonly<Record<string, unknown>>;
  readonly headers: unknown;
}

export async function lookAt(swift: SwiftUser, container: string): Promise<Seen> {
  const { headers } = await swift.container('HEAD', container);
  const objects: Record<string, unknown> = {};
  await each(await swift.rows(container), async (row) => {
    objects[row.name] = await lookAtObject(swift, container, row);
  });
  const own = Object.entries(headers).filter(
    ([name]) =>
      (name.startsWith('x-container-meta-') && !name.includes('farshore')) ||
      ['x-container-read', 'x-container-write'].includes(name),
  );
  return { objects, headers: Object.fromEntries(own) };
}

const kept = ['content-disposition', 'content-encoding', 'x-static-large-object'];

async function lookAtObject(swift: SwiftUser, container: string, row: Row): Promise<unknown> {
  const { headers, body } = await swift.object('GET', container, row.name, { expected: 200 });
  const sha256 = createHash('sha256').update(body).digest('hex');
  const own = Object.entries(headers)
    .filter(([name]) => name.startsWith('x-object-meta-') || kept.includes(name))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  // The listing of a container with versioning counts a static symlink's target.
  const size = body.length;
  const listed = [row.content_type, row.slo_etag];
  return [sha256, headers['content-type'], headers['etag'], own, size, ...listed];
}
