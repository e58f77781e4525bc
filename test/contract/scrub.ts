import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../kernel/clock.ts';
import { noProgress } from '../../kernel/progress.ts';
import { systemRandom } from '../../kernel/random.ts';
import type { Bank } from '../../replicator/bank/bank.ts';
import { createBank } from '../../replicator/bank/swift-bank.ts';
import { createContainerMover } from '../../replicator/container/mover.ts';
import type { Movers, TargetContext } from '../../replicator/mover.ts';
import { noExemptions } from '../../replicator/retention/decide.ts';
import { limited } from '../../replicator/scrub/limited.ts';
import { beginRound, scrubPoints } from '../../replicator/scrub/scrub-points.ts';
import { newSession } from '../../replicator/session/new-session.ts';
import { runSession } from '../../replicator/session/runner.ts';
import { Rate } from '../../replicator/transfer/rate.ts';
import { MemoryLedger } from '../support/memory/ledger.ts';
import { testIdentity } from '../support/identity.ts';
import type { Suite } from './environment.ts';
import { openScopes, type Scopes } from './support/open.ts';

const kept = 'unchanged since the first point';
const objectBytes = 600_000;
const bytesPerSecond = 1_000_000;

/** Three points of one container, which share all but one object; the ledger alone is in memory. */
export const scrubSuite: Suite = (environment) =>
  describe('a scrub', function () {
    this.timeout(300_000);
    const group = `sc-${systemRandom.id().slice(0, 6)}`;
    const { signal } = new AbortController();
    const ledger = new MemoryLedger();
    let movers: Movers;
    let opened: Scopes;
    let spoolDir: string;
    let bank: Bank;

    before(async () => {
      const { ambient } = environment();
      spoolDir = await mkdtemp(join(tmpdir(), 'farshore-scrub-'));
      movers = { container: createContainerMover({ ambient, spoolDir }) };
      opened = await openScopes(environment());
      const store = opened.west.objectStore;
      const container = `${group}-bank`;
      bank = createBank({ store, container, identity: testIdentity(), spoolDir, ambient });
      await opened.east.objectStore.putContainer(group);
      await put('kept', kept);
      await put('large', 'x'.repeat(objectBytes));
      for (const content of ['first', 'second', 'third']) {
        await put('changing', content);
        await protect();
      }
    });

    after(async () => {
      const { east, west } = opened;
      for (const [store, container] of [
        [east.objectStore, group],
        [west.objectStore, bank.container],
      ] as const) {
        for await (const { name } of store.list(container)) await store.delete(container, name);
        await store.deleteContainer(container);
      }
      await opened.close();
      await rm(spoolDir, { recursive: true });
    });

    async function put(name: string, body: string): Promise<void> {
      const options = { contentLength: Buffer.byteLength(body) };
      await opened.east.objectStore.put(group, name, body, options);
    }

    async function protect(): Promise<void> {
      const { ambient } = environment();
      const order = {
        group,
        generation: 1,
        sourceRegion: 'east',
        targetRegion: 'west',
        resources: [{ kind: 'container', id: group, name: group }],
      };
      const claimed = newSession(order, ambient, await ledger.session(group));
      await ledger.saveSession(claimed);
      const session = await runSession(claimed, {
        ledger,
        movers,
        ambient,
        clockAheadMs: () => 0,
        exemptions: () => Promise.resolve(noExemptions),
        changeLimitPercent: 100,
        retention: { last: 9, hourly: 0, daily: 0, weekly: 0, monthly: 0 },
        openContext: () => Promise.resolve({ target: opened.west, ...rest() }),
        progressOf: () => noProgress,
        held: () => Promise.resolve(false),
        shipAtOnce: 2,
        signal,
      });
      expect(session.phase, session.error?.message).to.equal('done');
    }

    const rest = () => ({
      source: opened.east,
      bank,
      sharedSwift: false,
      mappings: {},
      options: {},
      spoolDir,
    });

    /** A whole round: bytes and milliseconds. */
    async function scrub(): Promise<{ readonly bytes: number; readonly ms: number }> {
      const { log } = environment().ambient;
      // Not that of the environment, whose pauses may be shorter than they say.
      const clock = systemClock;
      const rate = new Rate(clock, bytesPerSecond);
      const target = opened.west;
      const at: TargetContext = {
        group,
        target,
        bank,
        sharedSwift: false,
        progress: noProgress,
        signal,
      };
      const startMs = clock.monotonicMs();
      const round = await beginRound({ ledger, at });
      const deps = { movers, ledger, at: limited(at, rate), clock, log };
      const steps: unknown[] = [];
      for await (const step of scrubPoints(round, deps)) steps.push(step);
      expect(steps).to.have.length.at.least(1);
      return { bytes: rate.bytes, ms: clock.monotonicMs() - startMs };
    }

    const states = async () => (await ledger.points(group)).map(({ state }) => state);

    it('reads what points share once, at the rate, and finds nothing where nothing is', async () => {
      const { bytes, ms } = await scrub();
      expect(bytes).to.be.within(objectBytes, 2 * objectBytes);
      expect(ms).to.be.at.least((objectBytes / bytesPerSecond) * 1000);
      expect(await states()).to.deep.equal(['proven', 'proven', 'proven']);
      environment().say(`${bytes} B in ${Math.round(ms)} ms`);
    });

    it('finds a flipped byte of an old object, for all points; the next session repairs it', async () => {
      const hash = createHash('sha256').update(kept).digest('hex');
      const { account } = opened.west.objectStore;
      const object = `${group}/objects/${hash.slice(0, 2)}/${hash}`;
      const path = { account, container: bank.container, object };
      await protect();
      await environment().regions.west.damageObject(path, 'alter');
      await scrub();
      expect(await states()).to.deep.equal(['damaged', 'damaged', 'damaged', 'damaged']);
      for (const { checked } of await ledger.points(group)) {
        expect(checked.findings.map(({ subject }) => subject)).to.deep.equal([`${group}/kept`]);
        expect(checked.depth).to.equal('content');
      }
      await protect();
      expect((await states())[0]).to.equal('proven');
      await scrub();
      expect(await states()).to.deep.equal(Array(5).fill('proven'));
    });
  });
