import type { MemoryObjectStore } from '../../support/memory/object-store.ts';

/** Names that trip careless code: every odd byte, the astral plane, things that look like paths. */
export const oddNames = [
  '.hidden',
  'a b',
  'a?b#c',
  'a%41b',
  'a&b;c="d"',
  "it's <b>`x`",
  'new\nline',
  '/leading',
  'two//slashes',
  'dir/',
  'ünïcödé',
  '\uffee high',
  '\u{1f600} astral',
  'x'.repeat(1006),
];

export async function put(
  store: MemoryObjectStore,
  container: string,
  name: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  const contentLength = Buffer.byteLength(body);
  await store.put(container, name, body, { contentLength, headers });
}

export async function putSlo(
  store: MemoryObjectStore,
  container: string,
  name: string,
  paths: readonly string[],
): Promise<void> {
  const body = Buffer.from(JSON.stringify(paths.map((path) => ({ path }))));
  const headers = { 'content-type': 'video/x', 'x-object-meta-kind': 'slo' };
  await store.put(container, name, body, { contentLength: body.length, headers, manifest: true });
}

/** A container with everything in it, and the one that its segments lie in. */
export async function fill(store: MemoryObjectStore): Promise<void> {
  await store.putContainer('photos', {
    'x-container-meta-colour': 'blue',
    'x-container-read': '.r:*,.rlistings',
  });
  await store.putContainer('photos_segments');
  for (const name of oddNames)
    await put(store, 'photos', name, `body of ${name}`, {
      'content-type': 'text/plain',
      'x-object-meta-note': 'caf\u00c3\u00a9',
      'content-encoding': 'identity',
    });
  await put(store, 'photos', 'empty', '');
  await put(store, 'photos', 'folder/', '', { 'content-type': 'application/directory' });
  for (const n of [1, 2, 3]) await put(store, 'photos_segments', `big/${n}`, `segment ${n};`);
  await putSlo(store, 'photos', 'slo', ['/photos_segments/big/1', '/photos_segments/big/2']);
  // Sorts before what it is made of.
  await putSlo(store, 'photos', 'nested', ['/photos/slo', '/photos_segments/big/3']);
  await put(store, 'photos', 'dlo', '', { 'x-object-manifest': 'photos_segments/big/' });
  await put(store, 'photos', 'a link', '', {
    'x-symlink-target': 'photos/z%20target',
    'content-type': 'application/symlink',
  });
  await put(store, 'photos', 'z target', 'target');
  const target = await store.head('photos', 'dir/');
  await put(store, 'photos', 'a static link', '', {
    'x-symlink-target': 'photos/dir/',
    'x-symlink-target-etag': target!.etag,
    'content-type': 'application/symlink',
  });
}
