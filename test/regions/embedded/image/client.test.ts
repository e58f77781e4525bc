import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { systemClock } from '../../../../kernel/clock.ts';
import { collect, rejection } from '../../../support/rejection.ts';
import { EmbeddedGlance } from './rig.ts';

describe('embedded Glance: our own client', () => {
  let glance: EmbeddedGlance;
  before(async () => {
    glance = await EmbeddedGlance.open();
  });
  after(() => glance[Symbol.asyncDispose]());

  const wish = {
    name: 'debian',
    diskFormat: 'raw',
    containerFormat: 'bare',
    visibility: 'private' as const,
    tags: ['b', 'a'],
    properties: { 'a/b~c': 'ü', os_distro: 'debian' },
  };

  it('creates, uploads, reads back, changes, lists and deletes', async () => {
    const client = glance.client();
    const made = await client.create(wish);
    expect(made).to.include({ status: 'queued', owner: 'one', sizeBytes: null });
    await client.upload(made.id, Readable.from([Buffer.from('hello')]), 5);
    const image = await client.get(made.id);
    expect(image).to.deep.include({
      status: 'active',
      sizeBytes: 5,
      virtualSizeBytes: 5,
      checksum: '5d41402abc4b2a76b9719d911017c592',
      hashAlgo: 'sha512',
      hashValue: createHash('sha512').update('hello').digest('hex'),
      tags: ['a', 'b'],
      properties: wish.properties,
    });
    expect(await text(await client.download(made.id))).to.equal('hello');
    const changed = await client.update(made.id, {
      name: 'bookworm',
      visibility: 'shared',
      protected: true,
      hidden: true,
      minDiskGib: 2,
      minRamMib: 3,
      tags: ['c'],
      properties: { 'a/b~c': 'x', more: '1' },
    });
    expect(changed).to.deep.include({
      name: 'bookworm',
      hidden: true,
      minDiskGib: 2,
      tags: ['c'],
      properties: { 'a/b~c': 'x', more: '1' },
    });
    expect(await collect(client.list({ property: ['more', '1'] }))).to.deep.equal([changed]);
    expect(await client.delete(made.id)).to.equal(true);
    expect(await client.delete(made.id)).to.equal(false);
    expect(await client.get(made.id)).to.equal(null);
  });

  it('tells taken ids, missing data and missing rights apart', async () => {
    const client = glance.client();
    const id = '11111111-aaaa-4bbb-8ccc-000000000001';
    await client.create({ ...wish, id });
    expect(await rejection(client.create({ ...wish, id }))).to.include({ code: 'image.id-taken' });
    expect(await rejection(client.download(id))).to.include({ code: 'image.no-data' });
    await client.delete(id);
    expect(await rejection(client.create({ ...wish, id }))).to.include({ code: 'image.id-taken' });
    const publicly = client.create({ ...wish, visibility: 'public' });
    expect(await rejection(publicly)).to.include({ code: 'region.right-missing' });
  });

  it('puts an image back to queued when its upload fails', async () => {
    const client = glance.client();
    const { id } = await client.create(wish);
    const broken = Readable.from(
      (async function* () {
        yield Buffer.from('he');
        await waitFor(async () => (await client.get(id))?.status === 'saving');
        throw new Error('the source broke');
      })(),
    );
    const failed = await client.upload(id, broken, 5).catch((error: unknown) => error);
    expect(failed).to.be.instanceOf(Error);
    await waitFor(async () => (await client.get(id))?.status === 'queued');
    await client.upload(id, Readable.from([Buffer.from('hello')]), 5);
    expect(await client.get(id)).to.include({ status: 'active', sizeBytes: 5 });
  });

  it('shares with members, who answer for themselves', async () => {
    const owner = glance.client('one');
    const { id } = await owner.create({ ...wish, visibility: 'shared' });
    const set = await owner.setMembers(id, [
      { memberId: 'two', status: 'accepted' },
      { memberId: 'three', status: 'pending' },
    ]);
    expect(set).to.deep.equal([
      { memberId: 'two', status: 'pending' },
      { memberId: 'three', status: 'pending' },
    ]);
    const member = { memberId: 'two', status: 'accepted' };
    expect(await glance.client('boss').setMembers(id, [member])).to.deep.equal([member]);
    expect(await glance.client('two').listMembers(id)).to.deep.equal([member]);
  });

  it('pages through many', async () => {
    const client = glance.client('two');
    for (let at = 0; at < 7; at += 1) await client.create({ ...wish, name: 'many' });
    const found = new Set<string>();
    let path = '/v2/images?name=many&limit=3';
    for (let pages = 0; path !== ''; pages += 1) {
      const { json } = await glance.ask(`GET ${path}`, { as: 'two' });
      for (const { id } of json.images as { id: string }[]) found.add(id);
      path = (json.next as string | undefined) ?? '';
      expect(pages).to.be.below(4);
    }
    expect(found.size).to.equal(7);
  });
});

async function waitFor(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await systemClock.sleep(10);
}
