import type { ProjectScope } from '../../../../regions/region.ts';
import type { LoggedRequest } from './request-log.ts';

/** What makes something new each time that it is carried out. */
const creation = /\/(volumes|snapshots|backups|images|import_record|restore)$/;
/** Containers that hold copies: what lies in the bank is by design written anew. */
const copies = /^\/v1\/[^/]+\/(volumebackups|work-docs|shop-[^/]*)\/./;

const volumes = /\/volumes$/;
const oneVolume = /\/volumes\/[^/]+$/;

/**
 * Orders that a region carried out more than once: by kind, and with what was asked for. A restore goes
 * into a volume of its own: one that was broken off is deleted, and may be made again as often.
 */
export function doneTwice(requests: readonly LoggedRequest[]): readonly string[] {
  const done = requests
    .filter(({ status }) => status !== null && status < 300)
    .map(({ method, path, body }) => ({ method, path: path.split('?')[0] ?? '', body }));
  const deleted = done.filter(
    ({ method, path }) => method === 'DELETE' && oneVolume.test(path),
  ).length;
  const orders = done
    .filter(({ method, path }) =>
      method === 'POST' ? creation.test(path) : method === 'PUT' && copies.test(path),
    )
    .map(({ method, path, body }) => ({ path, order: `${method} ${path} ${body}` }));
  const counts = Map.groupBy(orders, ({ order }) => order);
  return [...counts].flatMap(([order, all]) => {
    const again = all.some(({ path }) => volumes.test(path)) ? deleted : 0;
    return all.length > 1 + again ? [`${all.length}× ${order}`] : [];
  });
}

/** How many creations of each kind there were. */
export function creations(requests: readonly LoggedRequest[]): Readonly<Record<string, number>> {
  const kinds = requests
    .filter(({ method, status }) => method === 'POST' && status !== null && status < 300)
    .flatMap(({ path }) => creation.exec(path.split('?')[0] ?? '')?.[1] ?? []);
  return Object.fromEntries(
    [...Map.groupBy(kinds, (kind) => kind)].map(([kind, all]) => [kind, all.length]),
  );
}

/** Names that two things of one kind have, whoever made them. */
export async function namesakes({
  blockStorage,
  images,
}: ProjectScope): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { name } of blockStorage.listVolumes()) names.push(`volume ${name}`);
  for await (const { name, volumeId } of blockStorage.listBackups())
    names.push(`backup ${name} of ${volumeId}`);
  for await (const { name } of blockStorage.listSnapshots()) names.push(`snapshot ${name}`);
  for await (const { name } of images.list()) names.push(`image ${name}`);
  return names.filter((name, at) => names.indexOf(name) !== at);
}
