import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { systemRandom } from '../../kernel/random.ts';
import type { ProjectScope } from '../../regions/region.ts';
import type { Bank } from '../../replicator/bank/bank.ts';
import { createImageMover } from '../../replicator/image/mover.ts';
import type { ImageCopy } from '../../replicator/image/types.ts';
import type {
  Previous,
  ResourceRef,
  RestoreOrder,
  SessionContext,
} from '../../replicator/mover.ts';
import { scrubUntil, type Part } from '../support/break-off.ts';
import type { Damage, RegionName, Suite } from './environment.ts';
import {
  imageSha512,
  lookAtImage,
  makeQcow2Image,
  makeRawImage,
  type SeenImage,
} from './support/image-data.ts';
import { openScopes, type Scopes } from './support/open.ts';
import { Outsider } from './support/outsider.ts';

const mib = 1024 * 1024;
/** What may differ between the regions. */
const ownOfRegion = ['owner', 'created_at', 'updated_at', 'stores', 'direct_url', 'locations'];

export const imageMoverSuite: Suite = (environment) =>
  describe('the image mover', () => {
    const run = systemRandom.id();
    const raw: ResourceRef = { kind: 'image', id: randomUUID(), name: `süß raw ${run}` };
    const qcow: ResourceRef = { kind: 'image', id: randomUUID(), name: `süß qcow2 ${run}` };
    const copies = new Map<ResourceRef, ImageCopy>();
    const moved = { bytes: 0, present: 0, copied: 0 };
    let mover: ReturnType<typeof createImageMover>;
    let opened: Scopes;
    let outsiders: Record<RegionName, Outsider>;
    let east: ProjectScope;
    let west: ProjectScope;
    let session: SessionContext;

    const order = (mode: RestoreOrder['mode']): RestoreOrder => ({
      executionId: run,
      mode,
      scratch: `farshore-drill-im-${run}`,
      memo: { get: () => undefined, set: () => Promise.resolve() },
      restored: () => undefined,
    });

    async function protect(
      resource: ResourceRef,
      previous: Previous<ImageCopy> | null = null,
    ): Promise<ImageCopy> {
      const capture = await mover.capture(resource, session);
      const copy = await mover.ship(capture, previous, session);
      copies.set(resource, copy);
      return copy;
    }

    const sha512 = (name: RegionName, id: string): Promise<string> =>
      imageSha512(outsiders[name], id);
    const seenIn = (name: RegionName, id: string): Promise<SeenImage> =>
      lookAtImage(outsiders[name], id);

    before(async () => {
      const { ambient, regions, scale } = environment();
      mover = createImageMover({ ambient });
      opened = await openScopes(environment());
      ({ east, west } = opened);
      outsiders = {
        east: await Outsider.login(regions.east),
        west: await Outsider.login(regions.west),
      };
      session = {
        group: `im-${run}`,
        sessionId: run,
        source: east,
        target: west,
        bank: { installation: 'test', former: [] as readonly string[] } as Bank,
        sharedSwift: false,
        isResumed: false,
        mappings: {},
        options: {},
        spoolDir: '/none',
        progress: {
          expect: () => undefined,
          moved: ({ bytes = 0 }) => (moved.bytes += bytes),
          present: ({ bytes = 0 }) => (moved.present += bytes),
          copied: ({ bytes = 0 }) => (moved.copied += bytes),
        },
        signal: new AbortController().signal,
      };
      await makeRawImage(outsiders.east, raw, scale.imageMiB);
      await makeQcow2Image(outsiders.east, qcow);
    });

    after(async () => {
      for (const { id } of [raw, qcow]) await east.images.delete(id);
      for (const copy of copies.values()) await west.images.delete(copy.targetImageId);
      for (const outsider of Object.values(outsiders)) outsider.close();
      await opened.close();
    });

    it('ships raw and qcow2 under their own ids, every byte', async () => {
      const start = performance.now();
      const residentBefore = process.memoryUsage().rss;
      for (const resource of [raw, qcow]) {
        const copy = await protect(resource);
        expect(copy.targetImageId).to.equal(resource.id);
        expect(await sha512('west', resource.id)).to.equal(await sha512('east', resource.id));
        expect(copy.hashValue).to.equal(await sha512('west', resource.id));
      }
      const seconds = (performance.now() - start) / 1000;
      const grown = (process.memoryUsage().rss - residentBefore) / mib;
      environment().say(
        `${moved.bytes} bytes in ${seconds.toFixed(1)} s, ${grown.toFixed(0)} MiB more resident`,
      );
      const { imageMiB, isMemoryMeasured } = environment().scale;
      expect(moved.bytes).to.be.greaterThan(imageMiB * mib);
      if (isMemoryMeasured) expect(grown).to.be.lessThan(imageMiB * 0.75);
      const staged = await seenIn('west', raw.id);
      expect(staged.image).to.include({
        name: `farshore:${raw.id}`,
        visibility: 'private',
        protected: true,
        os_hidden: true,
        farshore_group: `im-${run}`,
        farshore_source_id: raw.id,
      });
    });

    it('ships nothing the second time, nor after losing all memory of the first', async () => {
      const before = { ...moved };
      await protect(raw, { copy: copies.get(raw)!, damage: [] });
      await protect(raw, null);
      expect(moved.bytes).to.equal(before.bytes);
      expect(moved.present - before.present).to.equal(2 * environment().scale.imageMiB * mib);
    });

    it('scrubs an image in as many parts as it is broken off in, reading nothing twice', async () => {
      const { bytes } = copies.get(raw)!;
      const parts: Part<ImageCopy>[] = [];
      for (const most of [bytes / 3, bytes / 3, Infinity])
        parts.push(
          await scrubUntil(most, session, (at) => mover.scrub([copies.get(raw)!], '', at)),
        );
      const each = parts.map((part) => part.bytes);
      environment().say(`${each.join(' + ')} of ${bytes} bytes`);
      expect(each[2]).to.be.below(bytes / 2);
      expect(each.reduce((sum, part) => sum + part)).to.be.within(bytes, bytes + 4 * mib);
      expect(parts[2]?.steps.map(({ damage }) => damage)).to.deep.equal([[]]);
    });

    it('drills beside the copy and leaves nothing', async () => {
      const copy = copies.get(qcow)!;
      const restored = await mover.restore(copy, order('drill'), session);
      expect(await mover.restore(copy, order('drill'), session)).to.deep.equal(restored);
      expect(await sha512('west', restored.id)).to.equal(await sha512('east', qcow.id));
      const check = await mover.check(copy, restored, order('drill'), session);
      expect(check).to.include({ state: 'verified', bytes: copy.bytes });
      expect(await mover.inventory(order('drill').scratch, session)).to.have.length(1);
      await mover.discard(copy, order('drill'), session);
      expect(await mover.inventory(order('drill').scratch, session)).to.deep.equal([]);
      expect((await mover.verify(copy, 'content', session)).damaged).to.equal(0);
    });

    it('finds a file that was altered, cut short or lost in the target, and repairs it', async () => {
      const copy = copies.get(qcow)!;
      const damages: readonly (readonly [string, Damage])[] = [
        ['altered', 'alter'],
        ['truncated', 'truncate'],
        ['missing', 'delete'],
      ];
      for (const [problem, damage] of damages) {
        await environment().regions.west.damageImage(copy.targetImageId, damage);
        const { findings } = await mover.verify(copy, 'content', session);
        expect(findings.map((each) => each.problem)).to.deep.equal([problem]);
        environment().say(`${problem}: ${findings[0]!.detail}`);
        expect((await mover.verify(copy, 'listing', session)).damaged).to.equal(0);
      }
      const { findings } = await mover.verify(copy, 'content', session);
      const repaired = await protect(qcow, { copy, damage: findings });
      expect(repaired.targetImageId).not.to.equal(copy.targetImageId);
      expect(await sha512('west', repaired.targetImageId)).to.equal(await sha512('east', qcow.id));
      expect((await mover.verify(copy, 'content', session)).damaged).to.equal(0);
    });

    it('fails over: the images are in west what they were in east, for any client', async () => {
      const isShared = environment().topology === 'stretched';
      for (const resource of [raw, qcow]) {
        const copy = copies.get(resource)!;
        const restored = await mover.restore(copy, order('failover'), session);
        const check = await mover.check(copy, restored, order('failover'), session);
        expect(check).to.include({ state: 'verified', bytes: copy.bytes });
        const there = await seenIn('east', resource.id);
        const here = await seenIn('west', restored.id);
        const changed = [
          ...new Set([...Object.keys(there.image), ...Object.keys(here.image)]),
        ].filter(
          (field) =>
            !ownOfRegion.includes(field) &&
            JSON.stringify(there.image[field]) !== JSON.stringify(here.image[field]),
        );
        // The damaged qcow2 had to be made anew, and a deleted id stays taken.
        const expected = resource === raw ? [] : ['file', 'id', 'self'];
        expect(changed.toSorted()).to.deep.equal(expected);
        expect(here.members).to.deep.equal(isShared ? there.members : []);
        environment().say(`${restored.name}: ${restored.notes.join('; ') || 'as it was'}`);
        expect(await mover.restore(copy, order('failover'), session)).to.deep.equal(restored);
      }
    });

    it('does not expire what was made live', async () => {
      await mover.expire([...copies.values()], [], session);
      expect(await west.images.get(raw.id)).to.include({ status: 'active', name: raw.name });
    });

    it('expires a staged copy that no point names', async () => {
      await west.images.delete(raw.id);
      const copy = await protect(raw);
      expect(copy.targetImageId).not.to.equal(raw.id);
      await mover.expire([copy], [copy], session);
      expect(await west.images.get(copy.targetImageId)).not.to.equal(null);
      await mover.expire([copy], [], session);
      expect(await west.images.get(copy.targetImageId)).to.equal(null);
    });
  });
