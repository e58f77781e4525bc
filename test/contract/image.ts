import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import type { ImageService, ImageUpdate, NewImage } from '../../regions/image/types.ts';
import { collect, rejection } from '../support/rejection.ts';
import type { Suite } from './environment.ts';
import { openScopes, type Scopes } from './support/open.ts';
import { Outsider } from './support/outsider.ts';

export const imageSuite: Suite = (environment) =>
  describe('image', () => {
    const id = randomUUID();
    const name = `image-client: süß ${id}`;
    let opened: Scopes;
    let outsider: Outsider;
    let glance: ImageService;

    const wish: NewImage = {
      id,
      name,
      diskFormat: 'raw',
      containerFormat: 'bare',
      visibility: 'private',
      protected: true,
      minDiskGib: 1,
      minRamMib: 64,
      tags: ['b', 'a'],
      properties: { os_distro: 'debian', 'odd/name~1': 'ü', image_client: id },
    };
    const changed: ImageUpdate = {
      name: `${name} 2`,
      visibility: 'shared',
      protected: false,
      hidden: true,
      minDiskGib: 0,
      minRamMib: 0,
      tags: ['z'],
      properties: { 'odd/name~1': 'v', image_client: id },
    };

    before(async () => {
      opened = await openScopes(environment());
      outsider = await Outsider.login(environment().regions.east);
      glance = opened.east.images;
    });

    after(async () => {
      await glance.delete(id);
      outsider.close();
      await opened.close();
    });

    it('makes an image with a chosen id, and says that the id is taken', async () => {
      const made = await glance.create(wish);
      expect(made).to.deep.include({
        id,
        status: 'queued',
        protected: true,
        tags: ['a', 'b'],
        properties: wish.properties,
      });
      expect((await rejection(glance.create(wish))).code).to.equal('image.id-taken');
      expect((await rejection(glance.download(id))).code).to.equal('image.no-data');
      expect(await glance.get(randomUUID())).to.equal(null);
    });

    it('is queued again after an upload that broke off', async () => {
      const breaking = Readable.from(
        (async function* () {
          yield Buffer.alloc(1_000_000);
          // Broken off before Glance has begun with it, it would be begun after that.
          while ((await glance.get(id))?.status !== 'saving') await delay(50);
          throw new Error('the source broke');
        })(),
      );
      const ended = await glance.upload(id, breaking, 3_000_000).catch(String);
      expect(ended).to.equal('Error: the source broke');
      while ((await glance.get(id))?.status !== 'queued') await delay(250);
    });

    it('uploads once and downloads', async () => {
      await glance.upload(id, Readable.from([Buffer.from('hello')]), 5);
      expect(await glance.get(id)).to.include({
        status: 'active',
        sizeBytes: 5,
        checksum: '5d41402abc4b2a76b9719d911017c592',
        hashAlgo: 'sha512',
      });
      expect(await text(await glance.download(id))).to.equal('hello');
      for (const [wished, from, rest] of [
        [2, 2, 'llo'],
        [4, 4, 'o'],
        // There is no byte there.
        [5, 0, 'hello'],
      ] as const) {
        const part = await glance.downloadFrom(id, wished);
        expect([part.from, await text(part.body)]).to.deep.equal([from, rest]);
      }
      const again = await rejection(glance.upload(id, Readable.from([Buffer.from('hello')]), 5));
      expect(again.kind).to.equal('permanent');
    });

    it('is found by name and by property', async () => {
      const ids = async (found: ReturnType<ImageService['list']>): Promise<readonly string[]> =>
        (await collect(found)).map((image) => image.id);
      expect(await ids(glance.list({ name }))).to.deep.equal([id]);
      expect(await ids(glance.list({ property: ['image_client', id] }))).to.deep.equal([id]);
      expect(await ids(glance.list({ property: ['image_client', 'x'] }))).to.deep.equal([]);
    });

    it('changes to a wished-for state, as another client sees it', async () => {
      const { updatedAt } = await glance.update(id, changed);
      expect((await glance.update(id, changed)).updatedAt).to.equal(updatedAt);
      const seen = await outsider.json('image', 'GET', `/v2/images/${id}`);
      expect(seen).to.include({
        name: `${name} 2`,
        visibility: 'shared',
        protected: false,
        os_hidden: true,
        min_disk: 0,
        'odd/name~1': 'v',
      });
      expect(seen).not.to.have.property('os_distro');
      const hidden = await collect(glance.list({ property: ['image_client', id] }));
      expect(hidden).to.have.length(1);
    });

    it('sets members and, as an administrator, their status', async () => {
      const members = [
        { memberId: 'image-client-a', status: 'accepted' },
        { memberId: 'image-client-b', status: 'pending' },
      ];
      expect(await glance.setMembers(id, members)).to.have.deep.members(members);
      expect(await glance.setMembers(id, members.slice(1))).to.deep.equal(members.slice(1));
    });

    it('deletes a protected image; its id stays taken', async () => {
      await glance.update(id, { ...changed, protected: true });
      expect(await glance.delete(id)).to.equal(true);
      expect(await glance.delete(id)).to.equal(false);
      expect((await rejection(glance.create(wish))).code).to.equal('image.id-taken');
    });
  });
