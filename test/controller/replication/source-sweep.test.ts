import { expect } from 'chai';
import { silentLog } from '../../../kernel/log.ts';
import type { Movers, SourceSweep, Swept } from '../../../replicator/mover.ts';
import { SourceSweeps } from '../../../controller/replication/source-sweep.ts';
import { deleteGroup, type RemoveDeps } from '../../../controller/service/remove.ts';
import type { Sites } from '../../../controller/sites.ts';
import { keys } from '../../../controller/state/keys.ts';
import { StoreLedger } from '../../../controller/state/ledger.ts';
import { put } from '../../../controller/store/store.ts';
import { SkippingClock } from '../../support/skipping-clock.ts';
import { uncontested } from '../support/cluster.ts';
import { addGroup, countingRandom, firstHead } from '../support/fixtures.ts';
import { journalOver } from '../support/journal.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MemoryRegion, memorySites } from '../support/memory-sites.ts';
import { MemoryStore } from '../support/memory-store.ts';

describe('sweeping primaries', () => {
  const { signal } = new AbortController();
  const clock = new SkippingClock();
  let store: MemoryStore;
  let sites: Sites;
  let east: MemoryRegion;
  let swept: SourceSweep[];
  let answer: Swept;
  let isTurn: boolean;
  let sweeps: SourceSweeps;

  beforeEach(() => {
    store = new MemoryStore();
    east = new MemoryRegion('east');
    swept = [];
    answer = { deleted: ['snapshot s1'], left: [] };
    isTurn = true;
    const sweep = (asked: SourceSweep): Promise<Swept> => {
      swept.push(asked);
      return Promise.resolve(answer);
    };
    sites = memorySites([east, new MemoryRegion('west')], '/none');
    sweeps = new SourceSweeps({
      store,
      sites,
      movers: { volume: { sweep } } as unknown as Movers,
      cluster: { isTurn: () => isTurn },
      ambient: { clock, random: countingRandom(), log: silentLog },
      installation: () => Promise.resolve('i-1'),
    });
  });

  async function remove(name: string): Promise<void> {
    const deps = {
      store,
      sites,
      site: 'here',
      ambient: { clock: new ManualClock(), random: countingRandom(), log: silentLog },
      journal: journalOver(store, new ManualClock()),
      claims: uncontested,
      ledger: new StoreLedger(store, uncontested),
      supervisor: {
        exclusively: (_group: string, own: AbortSignal, work: (alone: AbortSignal) => unknown) =>
          work(own),
      },
    } as unknown as RemoveDeps;
    await deleteGroup(name, { deletePoints: true }, deps, signal);
  }

  async function failOver(name: string): Promise<void> {
    const failedOver = { executionId: 'x1', from: 'east', at: '2026-11-21T09:00:00.000Z' };
    const head = { generation: 2, primary: 'west', secondary: 'east', failedOver };
    await store.transact([], [put(keys.head(name), head)]);
  }

  it('looks through the project of a group that was deleted, once', async () => {
    await addGroup(store, 'shop');
    await remove('shop');
    await sweeps.look(signal);
    expect(swept.map(({ source, installation }) => [source.region, installation])).to.deep.equal([
      ['east', 'i-1'],
    ]);
    expect(await swept[0]?.needs('shop')).to.equal('nothing');
    await sweeps.look(signal);
    expect(swept).to.have.length(1);
    expect(await store.range(keys.sweeps())).to.deep.equal([]);
  });

  it('waits for a region that does not answer, and for what cannot be deleted yet', async () => {
    await addGroup(store, 'shop');
    await remove('shop');
    east.isDown = true;
    await sweeps.look(signal);
    expect(swept).to.have.length(0);
    east.isDown = false;
    await sweeps.look(signal);
    expect(swept, 'rests').to.have.length(0);
    await clock.sleep(60_000);
    answer = { deleted: [], left: ['backup b1'] };
    await sweeps.look(signal);
    expect(swept).to.have.length(1);
    expect(await store.range(keys.sweeps())).to.have.length(1);
    await clock.sleep(120_000);
    answer = { deleted: ['backup b1'], left: [] };
    await sweeps.look(signal);
    expect(await store.range(keys.sweeps())).to.deep.equal([]);
  });

  it('looks through the old primary after a failover, and says what each group needs there', async () => {
    await addGroup(store, 'shop');
    await addGroup(store, 'other');
    await sweeps.look(signal);
    expect(swept).to.have.length(0);
    await failOver('shop');
    await sweeps.look(signal);
    await sweeps.look(signal);
    expect(swept).to.have.length(1);
    expect(await swept[0]?.needs('shop')).to.equal('base');
    expect(await swept[0]?.needs('other')).to.equal('all');
    expect(await swept[0]?.needs('never-made')).to.equal('nothing');
    await store.transact([], [put(keys.head('late'), firstHead)]);
    expect(await swept[0]?.needs('late'), 'made since').to.equal('all');
  });

  it('leaves it to the controller whose turn it is', async () => {
    await addGroup(store, 'shop');
    await failOver('shop');
    isTurn = false;
    await sweeps.look(signal);
    expect(swept).to.have.length(0);
  });
});
