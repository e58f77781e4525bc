import { expect } from 'chai';
import { silentLog } from '../../../kernel/log.ts';
import type { EndedExecution, Movers, Swept } from '../../../replicator/mover.ts';
import { ExecutionSweeps } from '../../../controller/replication/execution-sweep.ts';
import { keys } from '../../../controller/state/keys.ts';
import { put } from '../../../controller/store/store.ts';
import type { Execution } from '../../../runbooks/execution/types.ts';
import { SkippingClock } from '../../support/skipping-clock.ts';
import { addGroup, countingRandom, executionOf } from '../support/fixtures.ts';
import { alone, journalOver } from '../support/journal.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MemoryRegion, memorySites } from '../support/memory-sites.ts';
import { MemoryStore } from '../support/memory-store.ts';

const hourMs = 3_600_000;

describe('what ended executions left', () => {
  const { signal } = new AbortController();
  let clock: SkippingClock;
  let store: MemoryStore;
  let west: MemoryRegion;
  let swept: EndedExecution[];
  let answer: () => Promise<Swept>;
  let isTurn: boolean;
  let claims: string[];
  let isClaimed: boolean;
  let sweeps: ExecutionSweeps;

  beforeEach(() => {
    clock = new SkippingClock();
    store = new MemoryStore();
    west = new MemoryRegion('west');
    swept = [];
    claims = [];
    answer = () => Promise.resolve({ deleted: [], left: [] });
    isTurn = true;
    isClaimed = false;
    const sweepExecution = (ended: EndedExecution): Promise<Swept> => {
      swept.push(ended);
      return answer();
    };
    sweeps = new ExecutionSweeps({
      store,
      sites: memorySites([new MemoryRegion('east'), west], '/none'),
      movers: { volume: { kind: 'volume', sweepExecution } } as unknown as Movers,
      cluster: { isTurn: () => isTurn },
      claims: {
        take: (kind, id) => {
          if (isClaimed) return Promise.resolve(null);
          claims.push(`take ${id}`);
          const release = () => Promise.resolve(void claims.push(`release ${id}`));
          const compare = { path: `live/claims/${kind}/${id}`, modRevision: 1 };
          return Promise.resolve({ kind, id, compare, lost: signal, release });
        },
      },
      ambient: { clock, random: countingRandom(), log: silentLog },
    });
  });

  /** Of a drill that has ended just now. */
  async function endedDrill(change: Partial<Execution> = {}): Promise<void> {
    await addGroup(store, 'shop');
    const journal = journalOver(store, new ManualClock());
    const first = executionOf('shop', 'x1', { mode: 'drill' });
    await journal.create(first, alone);
    const endedAt = new Date(clock.now()).toISOString();
    const end = { version: 2, state: 'ended', result: 'cancelled', endedAt, ...change } as const;
    await journal.save({ ...first, ...end });
  }

  const records = async () => (await store.range(keys.late())).map(({ path }) => path);

  it('is looked for where it was restored, for a day, and then no more', async () => {
    const step = { memo: { volume: 'v7', asked: 'v5 v6' }, output: { id: 'v8' } };
    await endedDrill({ steps: [step as unknown as Execution['steps'][number]] });
    expect(await records()).to.deep.equal(['late/x1']);
    await sweeps.look(signal);
    const [ended] = swept;
    expect(ended).to.include({ id: 'x1', mode: 'drill', scratch: 'farshore-drill-x1' });
    expect(['v5', 'v6', 'v7', 'v8', 'v9'].map((id) => ended!.knew(id))).to.deep.equal([
      ...[true, true, true, true],
      false,
    ]);
    expect(claims).to.deep.equal(['take x1', 'release x1']);
    await sweeps.look(signal);
    expect(swept, 'rests').to.have.length(1);
    for (let minutes = 0; minutes < 25 * 60; minutes += 10) {
      await clock.sleep(10 * 60_000);
      await sweeps.look(signal);
    }
    expect(swept.length).to.be.within(8, 20);
    await clock.sleep(6 * hourMs);
    await sweeps.look(signal);
    expect(await records()).to.deep.equal([]);
    const looks = swept.length;
    await clock.sleep(12 * hourMs);
    await sweeps.look(signal);
    expect(swept).to.have.length(looks);
  });

  it('is looked for until nothing is left, and the region has answered', async () => {
    await endedDrill();
    await clock.sleep(30 * hourMs);
    west.isDown = true;
    await sweeps.look(signal);
    expect(swept).to.deep.equal([]);
    west.isDown = false;
    answer = () => Promise.reject(new Error('no Cinder today'));
    await clock.sleep(6 * hourMs);
    await sweeps.look(signal);
    answer = () => Promise.resolve({ deleted: [], left: ['volume v1'] });
    await clock.sleep(6 * hourMs);
    await sweeps.look(signal);
    expect(await records()).to.deep.equal(['late/x1']);
    answer = () => Promise.resolve({ deleted: ['volume v1'], left: [] });
    await clock.sleep(6 * hourMs);
    await sweeps.look(signal);
    expect(await records()).to.deep.equal([]);
  });

  it('never while the execution is carried out again', async () => {
    await endedDrill();
    isClaimed = true;
    await sweeps.look(signal);
    expect(swept).to.deep.equal([]);
    isClaimed = false;
    const { value } = (await store.get(keys.execution('x1')))!;
    await store.transact([], [put(keys.execution('x1'), { ...value, state: 'running' })]);
    await clock.sleep(hourMs);
    await sweeps.look(signal);
    expect(swept).to.deep.equal([]);
    expect(await records()).to.deep.equal(['late/x1']);
  });

  it('by the controller whose turn it is', async () => {
    await endedDrill();
    isTurn = false;
    await sweeps.look(signal);
    expect(swept).to.deep.equal([]);
  });

  it('leaves the record of a retry that ended while it looked', async () => {
    await endedDrill();
    await clock.sleep(30 * hourMs);
    answer = async () => {
      const { value } = (await store.get(keys.late('x1')))!;
      await store.transact([], [put(keys.late('x1'), { ...value, endedAt: 'later' })]);
      return { deleted: [], left: [] };
    };
    await sweeps.look(signal);
    expect(await records()).to.deep.equal(['late/x1']);
  });
});
