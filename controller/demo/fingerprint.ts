import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';

import PQueue from 'p-queue';

import type { HeaderMap } from '../../regions/object-store/types.ts';
import type { ProjectScope } from '../../regions/region.ts';
import type { VolumeFile } from './dataset.ts';

/** Everything a user can see, by `volume/…`, `image/…`, `object/<container>/…`; equal where every byte and property is. */
export type Fingerprint = ReadonlyMap<string, string>;

/** Begins the names of all that belongs to the shop. */
const prefix = 'shop-';

/** Reads all of it through the services' own APIs, volumes from the files behind them. */
export async function fingerprint(
  scope: ProjectScope,
  fileOf: VolumeFile,
  containers: readonly string[],
): Promise<Fingerprint> {
  const found = new Map<string, string>();
  const note = (key: string, facts: object): void => {
    if (found.has(key)) throw new Error(`there are two of ${key}`);
    found.set(key, JSON.stringify(facts));
  };
  for await (const volume of scope.blockStorage.listVolumes()) {
    if (!volume.name.startsWith(prefix)) continue;
    const { name, description, sizeGib, bootable, metadata } = volume;
    const sha256 = await sha256OfFile(fileOf(volume.id));
    note(`volume/${name}`, { description, sizeGib, bootable, metadata, sha256 });
  }
  for await (const image of scope.images.list()) {
    if (!image.name.startsWith(prefix)) continue;
    const { id, name, visibility, diskFormat, properties, sizeBytes } = image;
    const tags = [...image.tags].sort();
    const sha256 = await sha256Of(await scope.images.download(id));
    note(`image/${name}`, { visibility, diskFormat, properties, tags, sizeBytes, sha256 });
  }
  for (const container of containers) await noteObjects(scope, container, note);
  return found;
}

/** What differs, by key. */
export function differences(left: Fingerprint, right: Fingerprint): string[] {
  const keys = new Set([...left.keys(), ...right.keys()]);
  return [...keys].filter((key) => left.get(key) !== right.get(key));
}

/** `1 volume, 2 images, 2,006 objects` */
export function describeCounts(found: Fingerprint): string {
  const counted = (kind: string): string => {
    const count = [...found.keys()].filter((key) => key.startsWith(`${kind}/`)).length;
    return `${count.toLocaleString('en')} ${kind}${count === 1 ? '' : 's'}`;
  };
  return ['volume', 'image', 'object'].map(counted).join(', ');
}

async function noteObjects(
  { objectStore }: ProjectScope,
  container: string,
  note: (key: string, facts: object) => void,
): Promise<void> {
  const queue = new PQueue({ concurrency: 8 });
  let failure: unknown;
  for await (const { name } of objectStore.list(container))
    void queue
      .add(async () => {
        const download = await objectStore.get(container, name);
        if (download === null) throw new Error(`${container}/${name} is listed and not there`);
        const headers = kept(download.info.headers);
        note(`object/${container}/${name}`, { headers, sha256: await sha256Of(download.body) });
      })
      .catch((error: unknown) => (failure ??= error));
  await queue.onIdle();
  if (failure !== undefined) throw failure as Error;
}

const compared =
  /^(content-type|content-encoding|content-disposition|x-static-large-object|x-delete-at|x-object-meta-.*)$/;

function kept(headers: HeaderMap): Readonly<Record<string, string>> {
  const names = Object.keys(headers).filter((name) => compared.test(name));
  return Object.fromEntries(names.sort().map((name) => [name, headers[name] ?? '']));
}

async function sha256Of(body: Readable): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of body as AsyncIterable<Buffer>) hash.update(piece);
  return hash.digest('hex');
}

/** One piece in memory, whatever the file's size. */
async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  const piece = Buffer.allocUnsafe(1 << 20);
  await using file = await open(path);
  for (;;) {
    const { bytesRead } = await file.read(piece, 0, piece.length);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(piece.subarray(0, bytesRead));
  }
}
