import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { noProgress } from '../../../kernel/progress.ts';
import { systemRandom } from '../../../kernel/random.ts';
import { createBank } from '../../../replicator/bank/swift-bank.ts';
import { createContainerMover } from '../../../replicator/container/mover.ts';
import { removeContainer } from '../../../replicator/container/removal.ts';
import type { ContainerCopy } from '../../../replicator/container/types.ts';
import type { Restored, TargetContext } from '../../../replicator/mover.ts';
import { testIdentity } from '../../support/identity.ts';
import type { RegionName, Suite } from '../environment.ts';
import { lookAt, makeContainer, type Seen } from '../support/container-data.ts';
import { openScopes, type Scopes } from '../support/open.ts';
import { Outsider } from '../support/outsider.ts';
import { SwiftUser } from '../support/swift-user.ts';

/** What RGW cannot hold, or does not show again, of what `makeContainer` makes. */
const linksAndParts = ['a link', 'a static link', 'nested'];
const opaque = ['movie'];

/** Swift in the east, Ceph's RGW in the west: a container fails over to it and back, as other clients see it. */
export const containerRoundTripSuite: Suite = (environment) =>
  describe('a container on its way to another kind of store, and back', function () {
    this.timeout(300_000);
    const run = systemRandom.id().slice(0, 8);
    const name = `rt-${run}`;
    let opened: Scopes;
    let outsiders: Record<RegionName, Outsider>;
    let folder: string;
    let original: Seen;

    before(async () => {
      const { regions } = environment();
      opened = await openScopes(environment());
      outsiders = {
        east: await Outsider.login(regions.east),
        west: await Outsider.login(regions.west),
      };
      folder = await mkdtemp(join(tmpdir(), 'farshore-round-trip-'));
      await makeContainer(user('east'), name, 50);
      original = await look('east');
    });

    after(async () => {
      for (const region of ['east', 'west'] as const) await removeAll(region);
      for (const outsider of Object.values(outsiders)) outsider.close();
      await opened.close();
      await rm(folder, { recursive: true });
    });

    const user = (region: RegionName): SwiftUser => new SwiftUser(outsiders[region]);
    const look = (region: RegionName): Promise<Seen> => lookAt(user(region), name);

    function targetIn(region: RegionName): TargetContext {
      const { ambient } = environment();
      const bank = createBank({
        store: opened[region].objectStore,
        container: `${name}-bank`,
        identity: testIdentity(),
        spoolDir: folder,
        ambient,
      });
      const { signal } = new AbortController();
      const own = { group: name, progress: noProgress, sharedSwift: false, signal };
      return { ...own, bank, target: opened[region] };
    }

    async function removeAll(region: RegionName): Promise<void> {
      const at = targetIn(region);
      for await (const container of opened[region].objectStore.listContainers())
        if (container.name.includes(run))
          await removeContainer(container.name, at, environment().ambient);
    }

    /** Protected there, failed over, and checked by the product itself. */
    async function carry(
      from: RegionName,
      to: RegionName,
    ): Promise<{ readonly copy: ContainerCopy; readonly restored: Restored }> {
      const mover = createContainerMover({ ambient: environment().ambient, spoolDir: folder });
      const at = targetIn(to);
      const session = {
        ...at,
        sessionId: `${from}-${to}`,
        source: opened[from],
        isResumed: false,
        mappings: {},
        options: {},
        spoolDir: join(folder, to),
      };
      const resource = { kind: 'container', id: name, name } as const;
      const copy = await mover.ship(await mover.capture(resource, session), null, session);
      const { findings } = await mover.verify(copy, 'content', at);
      expect(findings).to.deep.equal([]);
      const order = {
        executionId: `${run}-${to}`,
        mode: 'failover' as const,
        scratch: `farshore-drill-${run}`,
        memo: { get: () => undefined, set: () => Promise.resolve() },
        restored: () => undefined,
      };
      const restored = await mover.restore(copy, order, at);
      const { state, detail } = await mover.check(copy, restored, order, at);
      expect(state, detail).to.equal('verified');
      for (const note of restored.notes) environment().say(note);
      return { copy, restored };
    }

    function without(seen: Seen, names: readonly string[]): Seen['objects'] {
      return Object.fromEntries(
        Object.entries(seen.objects).filter(([each]) => !names.includes(each)),
      );
    }

    it('is there all that the store can hold, and the rest is named', async () => {
      const { restored } = await carry('east', 'west');
      const there = await look('west');
      const left = Object.keys(original.objects).filter((each) => !(each in there.objects));
      expect(left.toSorted()).to.deep.equal(linksAndParts);
      const notes = restored.notes.join('\n');
      for (const each of linksAndParts) expect(notes).to.contain(each);
      const bytesOf = (seen: Seen) =>
        Object.entries(without(seen, linksAndParts)).map(([each, facts]) => [
          each,
          (facts as readonly unknown[])[0],
        ]);
      expect(bytesOf(there)).to.have.deep.members(bytesOf(original));
    });

    it('comes back as it was, but for what the store does not show again, which is named', async () => {
      await removeAll('east');
      const { copy } = await carry('west', 'east');
      const back = await look('east');
      const lost = [...linksAndParts, ...opaque];
      expect((copy.lacks ?? []).map(({ object }) => object)).to.deep.equal(
        opaque.map((each) => `${name}/${each}`),
      );
      const expected = without(original, lost);
      expect(Object.keys(back.objects)).to.have.members(Object.keys(expected));
      for (const [each, facts] of Object.entries(expected))
        expect(back.objects[each], each).to.deep.equal(facts);
      expect(back.headers).to.deep.equal(original.headers);
    });
  });
