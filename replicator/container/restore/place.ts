import { FarshoreError } from '../../../kernel/errors.ts';
import { decodeName, encodeName } from '../../../regions/object-store/names.ts';
import { hasStatus } from '../../../regions/http/request-error.ts';
import type { HeaderMap } from '../../../regions/object-store/types.ts';
import { smallBytes, StoredObjects } from '../../bank/stored-objects.ts';
import type { TargetContext } from '../../mover.ts';
import { copyObject, type Copied } from '../../transfer/copy-object.ts';
import { rewrittenManifest, splitPath } from '../catalog/manifest.ts';
import { kindOf, toWire, type CatalogRow } from '../catalog/row.ts';
import { missing } from '../verify/flaw.ts';
import { readStored } from './stored-bytes.ts';
import type { RestoreDeps } from './deps.ts';

export interface Place {
  readonly container: string;
  /** A container of the source → the one that stands for it here. */
  readonly renamed: (container: string) => string;
  /** Objects of a drill do not expire: its own end removes them. */
  readonly isLasting: boolean;
  /** A PUT there can say that it replaces nothing, and is believed. */
  readonly isConditional: boolean;
  /** Stored things that are known to be damaged: nothing is made of those that the store would copy unread. */
  readonly damaged: ReadonlySet<string> | undefined;
  /** There are more: what would be copied unread is read first. */
  readonly isMoreDamaged: boolean | undefined;
}

/** `damaged`: what the bank holds is not what was stored, so that nothing was made of it. */
export type Placed =
  | { readonly state: 'made' | 'present' | 'missing' }
  | { readonly state: 'damaged'; readonly detail: string };

/** Why nothing was made of it; null: it is there. */
export function flawOfPlaced(placed: Placed): string | null {
  if (placed.state === 'missing') return missing.detail;
  return placed.state === 'damaged' ? placed.detail : null;
}

/**
 * Puts one object of the point into a container: bytes out of the bank, manifests and links by what the
 * catalog says. It replaces nothing, so doing it twice, or late, changes nothing; for what no condition
 * can be said, see `copyObject` and `isThere`.
 */
export async function placeObject(
  row: CatalogRow,
  place: Place,
  at: TargetContext,
  deps: RestoreDeps,
): Promise<Placed> {
  const headers = headersOf(row, place);
  if (kindOf(row) === 'slo') return { state: await putManifest(row, headers, place, at) };
  if (row.key === undefined)
    return { state: await putNew(row.name, Buffer.alloc(0), headers, place, at) };
  const bank = new StoredObjects(at.bank, at.group);
  if (place.isConditional && row.bytes <= smallBytes)
    return await carry({ row, key: row.key, headers }, bank, place, at, deps);
  if (place.damaged?.has(row.key) === true)
    return { state: 'damaged', detail: 'it was found damaged before' };
  if (place.isMoreDamaged === true) {
    const read = await readStored({ ...row, key: row.key }, bank, deps.ambient, at.signal);
    if (read.state !== 'whole') return read;
  }
  const { objectStore: store, projectId } = at.target;
  const { container } = place;
  const state = await copyObject(
    {
      from: { store: bank.store, container: bank.container, object: bank.nameOf(row.key) },
      to: { store, projectId, container, object: row.name, headers },
      bytes: row.bytes,
    },
    { ambient: deps.ambient, progress: at.progress, signal: at.signal },
  );
  return { state };
}

/**
 * Through this process, since that is as many requests as looking and copying, and better in two ways: the
 * PUT has a condition that the store asks of the name itself, so that not even one that arrives late hides
 * what a user wrote; and the bytes are hashed before users get them.
 */
async function carry(
  { row, key, headers }: Carried,
  bank: StoredObjects,
  place: Place,
  at: TargetContext,
  { ambient, budget }: RestoreDeps,
): Promise<Placed> {
  const { signal } = at;
  const release = await budget.take(row.bytes, signal);
  try {
    const read = await readStored({ ...row, key }, bank, ambient, signal, row.bytes);
    if (read.state !== 'whole') return read;
    if (read.content === undefined) return { state: 'damaged', detail: 'it was not read whole' };
    const { md5 = '' } = row;
    return { state: await putNew(row.name, read.content, headers, place, at, { md5 }) };
  } finally {
    release();
  }
}

interface Carried {
  readonly row: CatalogRow;
  readonly key: string;
  readonly headers: HeaderMap;
}

function headersOf(row: CatalogRow, place: Place): HeaderMap {
  const headers: Record<string, string> = { ...row.headers };
  if (!place.isLasting) delete headers['x-delete-at'];
  for (const name of ['x-object-manifest', 'x-symlink-target']) {
    const target = headers[name];
    if (target !== undefined) headers[name] = renamedPath(target, place.renamed);
  }
  return { 'content-type': toWire(row.contentType), ...headers };
}

function renamedPath(wire: string, renamed: Place['renamed']): string {
  const [container, object] = splitPath(decodeName(wire));
  const name = renamed(container);
  // As the user wrote it, where it leads to the same.
  return name === container ? wire : encodeName(`${name}/${object}`);
}

/** No ETag goes along, since Ceph refuses all; every segment's own is in the manifest, and is compared. */
async function putManifest(
  row: CatalogRow,
  headers: HeaderMap,
  place: Place,
  at: TargetContext,
): Promise<Copied> {
  const body = rewrittenManifest(row.manifest ?? [], place.renamed);
  return await putNew(row.name, body, headers, place, at, { isManifest: true });
}

/**
 * Swift follows a manifest and a static link when it takes them, with the headers of the request: a
 * condition would be asked of what they lead to, and they would be refused. So the name is looked at
 * before; whoever writes it in that instant is overwritten. So it is where a store knows no conditions.
 */
async function isThere(name: string, place: Place, at: TargetContext): Promise<boolean> {
  const options = { newest: true, symlink: true, manifest: true, signal: at.signal };
  return (await at.target.objectStore.head(place.container, name, options)) !== null;
}

async function putNew(
  name: string,
  body: Buffer,
  headers: HeaderMap,
  place: Place,
  at: TargetContext,
  { isManifest = false, md5 }: { readonly isManifest?: boolean; readonly md5?: string } = {},
): Promise<Copied> {
  const isFollowed = isManifest || headers['x-symlink-target-etag'] !== undefined;
  const mustLook = isFollowed || !place.isConditional;
  if (mustLook && (await isThere(name, place, at))) return 'present';
  const options = {
    contentLength: body.length,
    headers: mustLook ? headers : { ...headers, 'if-none-match': '*' },
    ...(isManifest ? { manifest: true } : {}),
    ...(md5 === undefined ? {} : { etag: md5 }),
    signal: at.signal,
  };
  try {
    await at.target.objectStore.put(place.container, name, body, options);
    if (md5 === undefined) at.progress.copied({ objects: 1 });
    else at.progress.moved({ objects: 1, bytes: body.length });
    return 'made';
  } catch (error) {
    if (hasStatus(error, 412)) return 'present';
    throw error;
  }
}

/** True of what Swift answers when that which an object refers to is not there (yet). */
export function isUnresolved(error: unknown): boolean {
  return error instanceof FarshoreError && hasStatus(error, 400, 404, 409, 422);
}
