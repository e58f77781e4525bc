import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import fc from 'fast-check';
import { systemClock } from '../../../kernel/clock.ts';
import type { Log } from '../../../kernel/log.ts';
import { silentLog } from '../../../kernel/log.ts';
import { systemRandom } from '../../../kernel/random.ts';
import { EmbeddedRegion } from '../../../regions/embedded/region.ts';
import { openAccess, type Access } from './access.ts';
import { sendRaw } from './raw-request.ts';
import { requests, type Vocabulary } from './requests.ts';
import * as vocabularies from './vocabularies.ts';

/** Requests to each service, the same ones in every run. */
const count = 1_000;

describe('an embedded region under random requests', function () {
  this.timeout(120_000);
  const defects: string[] = [];
  const log: Log = {
    ...silentLog,
    error: (message, fields) => void defects.push(`${message} ${JSON.stringify(fields)}`),
    child: () => log,
  };
  let directory: string;
  let region: EmbeddedRegion;
  let access: Access;
  let known: vocabularies.Known;

  const open = async (): Promise<void> => {
    region = await EmbeddedRegion.open({
      name: 'east',
      directory,
      ambient: { clock: systemClock, random: systemRandom, log },
    });
    access = await openAccess(region.url);
  };

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'farshore-fuzz-'));
    await open();
    known = await seed(access);
  });

  after(async () => {
    await access.close();
    await region.close();
    await rm(directory, { recursive: true });
  });

  async function attack(words: Vocabulary, seed: number): Promise<void> {
    const statuses = new Map<number, number>();
    const [first] = fc.sample(requests(words, access.token), { numRuns: 1, seed });
    expect(first).not.to.equal(undefined);
    for (const request of fc.sample(requests(words, access.token), { numRuns: count, seed })) {
      const answer = await sendRaw(region.url, request);
      const said = `${request.method} ${request.target} ${JSON.stringify(request.headers.slice(1))} ${request.body.toString('utf8').slice(0, 300)}`;
      expect(answer.status, `${said}\n${answer.text}\n${defects.join('\n')}`).to.be.within(
        100,
        499,
      );
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    }
    expect(defects).to.deep.equal([]);
    // A vocabulary that only ever meets 404 would prove nothing.
    const good = [...statuses].filter(([status]) => status < 300);
    expect(good.reduce((sum, [, times]) => sum + times, 0)).to.be.greaterThan(count / 50);
  }

  it('Keystone refuses what is wrong, and goes on issuing tokens', async () => {
    await attack(vocabularies.identity(known), 1);
    await access.close();
    access = await openAccess(region.url);
  });

  it('Swift refuses what is wrong, and every listed object is there, whole', async () => {
    await attack(vocabularies.objectStore(known), 2);
    await expectConsistentObjects(access);
  });

  it('Glance refuses what is wrong, and every active image has its bytes', async () => {
    await attack(vocabularies.image(known), 3);
    await expectConsistentImages(access);
  });

  it('Cinder refuses what is wrong, and whatever was begun comes to its end', async () => {
    await attack(vocabularies.blockStorage(known), 4);
    await expectSettledVolumes(access);
  });

  it('all of it is the same after a restart', async () => {
    const before = await contents(access);
    await access.close();
    await region.close();
    await open();
    expect(await contents(access)).to.deep.equal(before);
    await expectConsistentObjects(access);
  });
});

async function seed({ scope, roleId }: Access): Promise<vocabularies.Known> {
  const { objectStore, images, blockStorage } = scope;
  await objectStore.putContainer('fuzzed');
  for (const name of ['object', 'other', 'folder/inner'])
    await objectStore.put('fuzzed', name, 'object', { contentLength: 6 });
  const formats = { diskFormat: 'raw', containerFormat: 'bare', visibility: 'private' } as const;
  const image = await images.create({ name: 'fuzzed', ...formats });
  await images.upload(image.id, Readable.from([Buffer.from('image')]), 5);
  const volume = await blockStorage.createVolume({ name: 'fuzzed', sizeGib: 1 });
  await settled(async () => (await blockStorage.getVolume(volume.id))?.status === 'available');
  const snapshot = await blockStorage.createSnapshot({ volumeId: volume.id, name: 'fuzzed' });
  await settled(async () => (await blockStorage.getSnapshot(snapshot.id))?.status === 'available');
  const backup = await blockStorage.createBackup({
    volumeId: volume.id,
    snapshotId: snapshot.id,
    name: 'fuzzed',
    incremental: false,
    force: false,
  });
  await settled(async () => (await blockStorage.getBackup(backup.id))?.status === 'available');
  return {
    project: scope.projectId,
    user: scope.userId,
    role: roleId,
    container: 'fuzzed',
    object: 'object',
    image: image.id,
    volume: volume.id,
    snapshot: snapshot.id,
    backup: backup.id,
  };
}

async function settled(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    if (await isSo()) return;
    await systemClock.sleep(100);
  }
  throw new Error('it did not settle');
}

/** Every row of a listing can be read and is what the row says; the container's counts are those of its rows. */
async function expectConsistentObjects({ scope: { objectStore } }: Access): Promise<void> {
  for await (const { name: container } of objectStore.listContainers()) {
    let objects = 0;
    let bytes = 0;
    for await (const row of objectStore.list(container)) {
      objects += 1;
      bytes += row.bytes;
      const plain = await objectStore.head(container, row.name, { symlink: true });
      expect(plain, `${container}/${row.name}`).not.to.equal(null);
      const isComposed = plain?.isSlo === true || plain?.dloPrefix !== undefined;
      if (isComposed || plain?.symlinkTarget !== undefined) continue;
      const download = await objectStore.get(container, row.name);
      const body = await buffer(download!.body);
      expect(createHash('md5').update(body).digest('hex')).to.equal(row.hash);
      expect(body.length).to.equal(row.bytes);
    }
    const info = await objectStore.headContainer(container);
    expect(info, container).to.include({ objects, bytes });
  }
}

async function expectConsistentImages({ scope: { images } }: Access): Promise<void> {
  for await (const image of images.list()) {
    expect(image.status).not.to.equal('saving');
    if (image.status !== 'active') continue;
    const body = await buffer(await images.download(image.id));
    expect(body.length).to.equal(image.sizeBytes);
    expect(createHash('sha512').update(body).digest('hex')).to.equal(image.hashValue);
  }
}

const restless = /ing$/;

async function expectSettledVolumes({ scope: { blockStorage } }: Access): Promise<void> {
  await settled(async () => {
    for (const kind of [
      blockStorage.listVolumes(),
      blockStorage.listSnapshots(),
      blockStorage.listBackups(),
    ])
      for await (const { status } of kind)
        // Those two only a request of a client ends: a reservation, an attachment begun.
        if (restless.test(status) && !/^(attaching|detaching|maintenance)$/.test(status))
          return false;
    return true;
  });
}

/** Names and statuses of all that the region holds. */
async function contents({ scope }: Access): Promise<Readonly<Record<string, readonly string[]>>> {
  const { objectStore, images, blockStorage } = scope;
  const objects: string[] = [];
  for await (const { name } of objectStore.listContainers())
    for await (const row of objectStore.list(name)) objects.push(`${name}/${row.name} ${row.hash}`);
  const found: Record<string, string[]> = { objects, images: [], volumes: [], backups: [] };
  for await (const { id, status } of images.list()) found['images']!.push(`${id} ${status}`);
  for await (const { id, status } of blockStorage.listVolumes())
    found['volumes']!.push(`${id} ${status}`);
  for await (const { id, status } of blockStorage.listBackups())
    found['backups']!.push(`${id} ${status}`);
  return found;
}
