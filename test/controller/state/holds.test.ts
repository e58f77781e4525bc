import { expect } from 'chai';
import { deletePoint, type RemoveDeps } from '../../../controller/service/remove.ts';
import { holderOf, holdPoint, isHeld, isInUse } from '../../../controller/state/holds.ts';
import { keys } from '../../../controller/state/keys.ts';
import { put } from '../../../controller/store/store.ts';
import type { Execution, StepRecord } from '../../../runbooks/execution/types.ts';
import { rejection } from '../../support/rejection.ts';
import { addGroup, executionOf, firstHead, pointOf } from '../support/fixtures.ts';
import { MemoryStore } from '../support/memory-store.ts';

function stepOf(id: string, change: Partial<StepRecord>): StepRecord {
  const [type = ''] = id.split(':');
  return {
    id,
    type,
    title: id,
    needs: [],
    params: {},
    always: false,
    state: 'done',
    attempts: 1,
    memo: {},
    notes: [],
    ...change,
  };
}

const restoreOf = (volume: string, change: Partial<StepRecord>) =>
  stepOf(`restore:volume/${volume}`, change);

/** The group's newest point, one before it and one before that, all of them held by x1, a failover to p2. */
async function failedOver(change: Partial<Execution>): Promise<MemoryStore> {
  const store = new MemoryStore();
  await addGroup(store, 'shop');
  const points = ['p1', 'p2', 'p3'].map((id, hour) =>
    put(keys.point('shop', id), pointOf('shop', id, `2026-11-21T0${hour}:00:00.000Z`)),
  );
  const head = { ...firstHead, generation: 2, primary: 'west', secondary: 'east' };
  const failedOver = { executionId: 'x1', from: 'east', at: '2026-11-21T09:00:00.000Z' };
  const running = put(keys.execution('x1'), executionOf('shop', 'x1'));
  await store.transact([], [...points, put(keys.head('shop'), { ...head, failedOver }), running]);
  for (const point of ['p1', 'p2', 'p3']) await holdPoint(store, 'shop', point, 'x1');
  const ended = executionOf('shop', 'x1', { state: 'ended', point: 'p2', ...change });
  await store.transact([], [put(keys.execution('x1'), ended)]);
  return store;
}

const heldIn = async (store: MemoryStore) => {
  const held: string[] = [];
  for (const id of ['p1', 'p2', 'p3']) if (await isHeld(store, 'shop', id)) held.push(id);
  return held;
};

describe('what an execution that ended needs when it is tried again', () => {
  const skipped = restoreOf('v1', { state: 'skipped', params: { resource: 'volume/v1' } });
  const older = restoreOf('v2', {
    state: 'failed',
    params: { resource: 'volume/v2', point: 'p1' },
  });

  it('stays held of a failover: the points that it restores from, not those that it looked at', async () => {
    for (const result of ['failed', 'cancelled', 'unchecked'] as const) {
      expect(await heldIn(await failedOver({ result, steps: [skipped] }))).to.deep.equal(['p2']);
      const both = await failedOver({ result, steps: [skipped, older] });
      expect(await heldIn(both)).to.deep.equal(['p1', 'p2']);
    }
  });

  it('stays held while no point was chosen: those that the order names', async () => {
    const apart = { point: 'p1', resources: ['volume/v2'], reason: 'its base is damaged' };
    const choice = stepOf('choose-point', { state: 'failed' });
    const open = executionOf('shop', 'x1', {
      state: 'ended',
      result: 'failed',
      params: { point: 'p3', older: apart },
      steps: [choice],
    });
    const store = await failedOver({});
    await store.transact([], [put(keys.execution('x1'), open)]);
    expect(await heldIn(store)).to.deep.equal(['p1', 'p3']);
  });

  it('is not forgotten when another execution holds the point too', async () => {
    const store = await failedOver({ result: 'failed', steps: [skipped] });
    await store.transact([], [put(keys.execution('x2'), executionOf('shop', 'x2'))]);
    await holdPoint(store, 'shop', 'p2', 'x2');
    const over = executionOf('shop', 'x2', { state: 'ended', result: 'succeeded' });
    await store.transact([], [put(keys.execution('x2'), over)]);
    expect((await holderOf(store, 'shop', 'p2'))?.id).to.equal('x1');
  });

  it('is let go when it succeeded, or when the group is failed over by another', async () => {
    const done = restoreOf('v1', { params: { resource: 'volume/v1' } });
    expect(await heldIn(await failedOver({ result: 'succeeded', steps: [done] }))).to.deep.equal(
      [],
    );
    const store = await failedOver({ result: 'failed', steps: [skipped] });
    await store.transact([], [put(keys.head('shop'), firstHead)]);
    expect(await heldIn(store)).to.deep.equal([]);
  });

  it('stays held of a drill that is not cleaned up', async () => {
    for (const [state, held] of [
      ['failed', ['p2']],
      ['done', []],
    ] as const) {
      const cleanup = stepOf('cleanup', { always: true, state });
      const change = { mode: 'drill', result: 'failed', steps: [skipped, cleanup] } as const;
      expect(await heldIn(await failedOver(change))).to.deep.equal(held);
    }
  });

  it('is not deleted by name; the group with all its points is', async () => {
    const store = await failedOver({ result: 'cancelled', steps: [skipped] });
    const deps = { store } as unknown as RemoveDeps;
    const refused = await rejection(
      deletePoint('shop', 'p2', '', deps, new AbortController().signal),
    );
    expect(refused.code).to.equal('point.in-use');
    expect(refused.message).to.include('failover x1 ended cancelled');
    expect(refused.hint).to.include('farshore execution retry x1');
    expect((await store.get(keys.point('shop', 'p2')))?.value.state).to.equal('proven');
    expect(await isInUse(store, 'shop', 'p2')).to.equal(false);
  });
});
