import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import type { ListingRow } from '../../../regions/object-store/types.ts';
import type { ProjectScope } from '../../../regions/region.ts';
import { settled } from './settled.ts';

/** Farshore's client cannot ask for these: a URL with them means another one. */
function isWalkable(name: string): boolean {
  return !name.split('/').some((part) => part === '.' || part === '..');
}

/** Every row of a listing can be read and is what the row says; each count is that of the rows. */
export async function expectConsistentObjects({ objectStore }: ProjectScope): Promise<void> {
  for await (const { name: container } of objectStore.listContainers()) {
    if (!isWalkable(container)) continue;
    let objects = 0;
    let bytes = 0;
    let hasManifests = false;
    for await (const row of objectStore.list(container)) {
      objects += 1;
      bytes += row.bytes;
      if (!isWalkable(row.name)) continue;
      const plain = await objectStore.head(container, row.name, { symlink: true });
      expect(plain, `${container}/${row.name}`).not.to.equal(null);
      if (plain?.isSlo === true) hasManifests = true;
      if (
        plain?.isSlo === true ||
        plain?.dloPrefix !== undefined ||
        plain?.symlinkTarget !== undefined
      )
        continue;
      await expectWhole({ objectStore }, container, row);
    }
    const info = await objectStore.headContainer(container);
    // The count has a manifest's own bytes, the row what it stands for; versions are counted, too.
    const isExact = !hasManifests && info?.headers['x-versions-enabled'] === undefined;
    expect(info, container).to.include(isExact ? { objects, bytes } : { objects });
  }
}

export async function expectWhole(
  { objectStore }: Pick<ProjectScope, 'objectStore'>,
  container: string,
  row: Pick<ListingRow, 'name' | 'hash' | 'bytes'>,
): Promise<void> {
  const download = await objectStore.get(container, row.name);
  expect(download, `${container}/${row.name}`).not.to.equal(null);
  const body = await buffer(download!.body);
  expect(body.length, `${container}/${row.name}`).to.equal(row.bytes);
  expect(createHash('md5').update(body).digest('hex')).to.equal(row.hash);
}

/** Every active image has its bytes. */
export async function expectConsistentImages({ images }: ProjectScope): Promise<void> {
  for await (const image of images.list()) {
    if (image.status !== 'active') continue;
    const body = await buffer(await images.download(image.id));
    expect(body.length).to.equal(image.sizeBytes);
    expect(createHash('sha512').update(body).digest('hex')).to.equal(image.hashValue);
  }
}

const underWay =
  /^(creating|deleting|downloading|uploading|extending|backing-up|restoring.*|retyping|reverting)$/;

/** Whatever was begun comes to its end. */
export async function expectSettledVolumes({ blockStorage }: ProjectScope): Promise<void> {
  await settled(async () => {
    for (const kind of [
      blockStorage.listVolumes(),
      blockStorage.listSnapshots(),
      blockStorage.listBackups(),
    ])
      for await (const { status } of kind) if (underWay.test(status)) return false;
    return true;
  });
}

/** Names and statuses of all that the project holds. */
export async function contents(scope: ProjectScope): Promise<readonly string[]> {
  const { objectStore, images, blockStorage } = scope;
  const found: string[] = [];
  for await (const { name } of objectStore.listContainers())
    if (isWalkable(name))
      for await (const row of objectStore.list(name)) found.push(`${name}/${row.name} ${row.hash}`);
  for await (const { id, status } of images.list()) found.push(`image ${id} ${status}`);
  for await (const { id, status } of blockStorage.listVolumes())
    found.push(`volume ${id} ${status}`);
  for await (const { id, status } of blockStorage.listSnapshots())
    found.push(`snapshot ${id} ${status}`);
  for await (const { id, status } of blockStorage.listBackups())
    found.push(`backup ${id} ${status}`);
  return found;
}
