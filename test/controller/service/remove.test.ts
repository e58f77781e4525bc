import { expect } from 'chai';
import type { ControllerService } from '../../../controller/service.ts';
import { deleteGroup, deletePoint, type RemoveDeps } from '../../../controller/service/remove.ts';
import { keys } from '../../../controller/state/keys.ts';
import { StoreLedger } from '../../../controller/state/ledger.ts';
import { put, remove } from '../../../controller/store/store.ts';
import { rejection } from '../../support/rejection.ts';
import { systemAmbient } from '../../support/system-ambient.ts';
import { uncontested } from '../support/cluster.ts';
import { addGroup, executionOf, pointOf } from '../support/fixtures.ts';
import { alone, journalOver } from '../support/journal.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MemoryStore } from '../support/memory-store.ts';

type Options = Parameters<ControllerService['deleteGroup']>[1];

/** A group with a point, and what happens while an order to delete it waits to have it to itself. */
async function ordered(options: Options, meanwhile: (store: MemoryStore) => Promise<unknown>) {
  const store = new MemoryStore();
  const journal = journalOver(store, new ManualClock());
  await addGroup(store, 'shop');
  const exclusively = async (_group: string, _signal: AbortSignal, work: () => Promise<void>) => {
    await meanwhile(store);
    await work();
  };
  const deps = {
    store,
    journal,
    claims: uncontested,
    ambient: systemAmbient,
    site: 'here',
    ledger: new StoreLedger(store, uncontested),
    supervisor: { exclusively },
  } as unknown as RemoveDeps;
  const refused = rejection(deleteGroup('shop', options, deps, new AbortController().signal));
  return { refused, store };
}

const point = pointOf('shop', 'p1', '2026-11-21T09:00:00.000Z');

describe('deleting a point', () => {
  it('is refused for one that became the newest proven while it was decided', async () => {
    const store = new MemoryStore();
    await addGroup(store, 'shop');
    const newest = pointOf('shop', 'p2', '2026-11-21T09:15:00.000Z');
    const points = [point, newest].map((each) => put(keys.point('shop', each.id), each));
    await store.transact([], points);
    const range = store.range.bind(store);
    let reads = 0;
    store.range = async (prefix) => {
      const found = await range(prefix);
      const damaged = put(keys.point('shop', 'p2'), { ...newest, state: 'damaged' as const });
      if ((reads += 1) === 1) await store.transact([], [damaged]);
      return found;
    };
    const deps = { store, ambient: systemAmbient, site: 'here' } as unknown as RemoveDeps;
    const refused = await rejection(
      deletePoint('shop', 'p1', '', deps, new AbortController().signal),
    );
    expect(refused.code).to.equal('point.newest-proven');
    expect((await store.get(keys.point('shop', 'p1')))?.value.state).to.equal('proven');
  });
});

describe('deleting a group that another has to himself first', () => {
  it('leaves a group of the same name alone that was made meanwhile, with its points', async () => {
    const { refused, store } = await ordered({ deletePoints: true }, async (held) => {
      await held.transact([], [remove(keys.group('shop')), remove(keys.head('shop'))]);
      await addGroup(held, 'shop');
      await held.transact([], [put(keys.point('shop', 'p1'), point)]);
    });
    expect((await refused).code).to.equal('group.not-found');
    expect((await store.get(keys.point('shop', 'p1')))?.value.state).to.equal('proven');
  });

  it('deletes nothing with an execution under way that began meanwhile', async () => {
    const { refused, store } = await ordered({ deletePoints: true }, async (held) => {
      await journalOver(held, new ManualClock()).create(executionOf('shop', 'x1'), alone);
      await held.transact([], [put(keys.point('shop', 'p1'), point)]);
    });
    expect((await refused).code).to.equal('group.in-use');
    expect((await store.get(keys.point('shop', 'p1')))?.value.state).to.equal('proven');
  });
});
