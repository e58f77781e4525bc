import { randomUUID } from 'node:crypto';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';

import PQueue from 'p-queue';

import { systemClock } from '../../kernel/clock.ts';
import type { ProjectScope } from '../../regions/region.ts';
import { waitForStatus } from '../../regions/wait.ts';
import { noise, orders } from './content.ts';

const mib = 1024 ** 2;
/** Data lies in the volume as a file system leaves it: pieces, with room to grow between them. */
const pieceBytes = mib;
const groupBytes = 2 * mib;

export const documents = 'shop-documents';
export const media = 'shop-media';
const parts = 'shop-media-parts';

export interface ShopSize {
  /** Of 1 GiB each, Cinder's smallest: the first holds a database, the others photos. */
  readonly volumes: number;
  /** Small objects in a container. */
  readonly objects: number;
}

/** Its volumes' ids. */
export interface Shop {
  readonly database: string;
  readonly photos: readonly string[];
}

/** Finds the raw file behind a volume: what a server that has it attached would write into. */
export type VolumeFile = (id: string) => string;

/** A shop's volumes, images and containers, made through the services' own APIs. */
export async function makeShop(
  scope: ProjectScope,
  fileOf: VolumeFile,
  size: ShopSize,
): Promise<Shop> {
  const photoNames = Array.from({ length: size.volumes - 1 }, (_, index) => `shop-photos-${index}`);
  const [database, photos] = await Promise.all([
    makeVolume(scope, 'shop-database', { tier: 'gold' }),
    Promise.all(photoNames.map((name) => makeVolume(scope, name, {}))),
    makeImage(scope, 'shop-base', noise('base', 12 * mib), { os_distro: 'debian' }),
    makeImage(scope, 'shop-tools', orders('tools', 6 * mib), { hw_disk_bus: 'virtio' }),
    makeDocuments(scope, size.objects),
    makeMedia(scope),
  ]);
  await writePieces(fileOf(database), 0, 64, (at) => orders(`page ${at}`, pieceBytes));
  for (const id of photos)
    await writePieces(fileOf(id), 0, 24, (at) => noise(`photo ${id} ${at}`, pieceBytes));
  return { database, photos };
}

/** Some hours of business: orders come in, photos are added, documents are written, changed and deleted. */
export async function doBusiness(
  scope: ProjectScope,
  fileOf: VolumeFile,
  { database, photos }: Shop,
): Promise<void> {
  await writePieces(fileOf(database), 60, 8, (at) => orders(`later page ${at}`, pieceBytes));
  for (const id of photos)
    await writePieces(fileOf(id), 24, 2, (at) => noise(`photo ${id} ${at}`, pieceBytes));
  const { objectStore } = scope;
  for (let index = 0; index < 20; index += 1)
    await putDocument(scope, index, `a later text of document ${index}`);
  for (let index = 20; index < 30; index += 1)
    await objectStore.delete(documents, documentName(index));
}

async function makeVolume(
  { blockStorage }: ProjectScope,
  name: string,
  metadata: Readonly<Record<string, string>>,
): Promise<string> {
  const { id } = await blockStorage.createVolume({ name, sizeGib: 1, metadata });
  await waitForStatus({
    clock: systemClock,
    get: (signal) => blockStorage.getVolume(id, signal),
    done: ['available'],
    operation: 'make volume',
    subject: name,
    stillMs: 30_000,
  });
  return id;
}

async function writePieces(
  path: string,
  firstGroup: number,
  count: number,
  content: (group: number) => Buffer,
): Promise<void> {
  const file = await open(path, 'r+');
  try {
    for (let group = firstGroup; group < firstGroup + count; group += 1)
      await file.write(content(group), 0, pieceBytes, group * groupBytes);
  } finally {
    await file.close();
  }
}

async function makeImage(
  { images }: ProjectScope,
  name: string,
  data: Buffer,
  properties: Readonly<Record<string, string>>,
): Promise<void> {
  const { id } = await images.create({
    id: randomUUID(),
    name,
    diskFormat: 'raw',
    containerFormat: 'bare',
    visibility: 'private',
    tags: ['shop'],
    properties,
  });
  await images.upload(id, Readable.from([data]), data.length);
}

async function makeDocuments(scope: ProjectScope, objects: number): Promise<void> {
  const { objectStore } = scope;
  await objectStore.putContainer(documents, { 'x-container-meta-team': 'shop' });
  const queue = new PQueue({ concurrency: 8 });
  const text = orders('documents', 64 * 1024);
  const textOf = (index: number): Buffer => text.subarray(0, 200 + ((index * 37) % 4_000));
  await queue.addAll(
    Array.from({ length: objects }, (_, index) => () => putDocument(scope, index, textOf(index))),
  );
  const odd = ['líneas/日本語.txt', 'per%20cent?.txt', 'a//b', 'trailing ', 'folder/'];
  for (const name of odd) await objectStore.put(documents, name, name, lengthOf(name));
  await objectStore.put(documents, 'newest', '', {
    contentLength: 0,
    headers: { 'x-symlink-target': `${documents}/${documentName(1)}` },
  });
}

function documentName(index: number): string {
  return `orders/${String(index % 20).padStart(2, '0')}/${String(index).padStart(5, '0')}.json`;
}

async function putDocument(
  { objectStore }: ProjectScope,
  index: number,
  body: Buffer | string,
): Promise<void> {
  await objectStore.put(documents, documentName(index), body, {
    contentLength: Buffer.byteLength(body),
    headers: { 'content-type': 'application/json', 'x-object-meta-order': String(index) },
  });
}

/** A film as a static large object, its parts in a container of their own. */
async function makeMedia({ objectStore }: ProjectScope): Promise<void> {
  await objectStore.putContainer(parts);
  await objectStore.putContainer(media);
  const manifest: object[] = [];
  for (let index = 0; index < 4; index += 1) {
    const name = `film/${index}`;
    const data = noise(name, mib + index);
    const { etag } = await objectStore.put(parts, name, data, { contentLength: data.length });
    manifest.push({ path: `/${parts}/${name}`, etag, size_bytes: data.length });
  }
  const body = JSON.stringify(manifest);
  await objectStore.put(media, 'film.bin', body, { ...lengthOf(body), manifest: true });
}

function lengthOf(text: string): { readonly contentLength: number } {
  return { contentLength: Buffer.byteLength(text) };
}
