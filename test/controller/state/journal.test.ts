import { expect } from 'chai';
import type { Claims } from '../../../controller/cluster/types.ts';
import { isHeld } from '../../../controller/state/holds.ts';
import type { StoreJournal } from '../../../controller/state/journal.ts';
import { keys } from '../../../controller/state/keys.ts';
import { StoreOrders } from '../../../controller/state/orders.ts';
import { type Key, put, remove } from '../../../controller/store/store.ts';
import type { RecoveryPoint } from '../../../replicator/point/types.ts';
import { FarshoreError } from '../../../kernel/errors.ts';
import { silentLog } from '../../../kernel/log.ts';
import { admission } from '../../../runbooks/execution/admission.ts';
import type { Execution, StandingOrder } from '../../../runbooks/execution/types.ts';
import { collect, rejection } from '../../support/rejection.ts';
import { uncontested } from '../support/cluster.ts';
import { addGroup, countingRandom, executionOf, pointOf } from '../support/fixtures.ts';
import { alone, journalOver } from '../support/journal.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MemoryStore } from '../support/memory-store.ts';

const at = (minute: number) => `2026-11-21T08:${String(minute).padStart(2, '0')}:00.000Z`;
const ended = { version: 2, state: 'ended', result: 'failed' } as const;
const cancel: StandingOrder = {
  id: 'o1',
  instruction: { type: 'cancelled', reason: 'why not' },
  at: at(1),
};

function rig() {
  const store = new MemoryStore();
  const clock = new ManualClock();
  const ambient = { clock, random: countingRandom(), log: silentLog };
  const orders = new StoreOrders({ store, ambient, claims: uncontested });
  return { store, clock, orders, journal: journalOver(store, clock) };
}

function away(): FarshoreError {
  const detail = { code: 'store.unavailable', kind: 'transient', operation: 'read' } as const;
  return new FarshoreError('nobody answers', detail);
}

const admitted = (execution: Execution) => admission(execution, at(0), ['west', 'east']);

describe('StoreJournal', () => {
  it('refuses a version that is not the next, and another execution of the same id', async () => {
    const { journal } = rig();
    const first = executionOf('shop', 'x1');
    await journal.create(first, alone);
    const refused = [
      journal.create({ ...first, point: 'a' }, alone),
      journal.save({ ...first, point: 'a' }),
      journal.save({ ...first, version: 3 }),
      journal.save(executionOf('shop', 'unknown', { version: 2 })),
    ];
    for (const { code } of await Promise.all(refused.map(rejection)))
      expect(code).to.equal('execution.version-conflict');
    const both = await Promise.allSettled([
      journal.save({ ...first, version: 2, point: 'a' }),
      journal.save({ ...first, version: 2, point: 'b' }),
    ]);
    expect(both.filter(({ status }) => status === 'fulfilled')).to.have.length(1);
  });

  it('takes what is there already for saved: its answer was lost', async () => {
    const { journal, store } = rig();
    const first = executionOf('shop', 'x1');
    const lose = () => {
      store.afterWrite = () => {
        store.afterWrite = undefined;
        throw new FarshoreError('no answer', {
          code: 'store.outcome-unknown',
          kind: 'transient',
          operation: 'write',
        });
      };
    };
    lose();
    expect((await rejection(journal.create(first, alone))).code).to.equal('store.outcome-unknown');
    expect(await journal.create(first, alone)).to.deep.equal(first);
    const second = { ...first, version: 2, point: 'a' };
    lose();
    await journal.save(second);
    await journal.save({ ...first, version: 2, point: 'a' });
    await journal.save({ ...second, version: 3 });
    expect(await journal.load('x1')).to.deep.equal({ ...second, version: 3 });
  });

  it('saves nothing for whoever does not hold the claim any more, whatever it knows', async () => {
    const { store, clock } = rig();
    const key = keys.claim('execution', 'x1');
    await store.transact([], [put(key, { controller: 'west-1' })]);
    const compare = { path: key.path, modRevision: (await store.get(key))!.modRevision };
    const claims: Pick<Claims, 'compareOf'> = { compareOf: () => compare };
    const journal = journalOver(store, clock, claims);
    const first = executionOf('shop', 'x1');
    await journal.create(first, alone);
    await journal.save({ ...first, version: 2 });
    await store.transact([], [remove(key)]);
    for (const change of [{ version: 3 }, { ...ended, version: 3 }]) {
      const error = await rejection(journal.save({ ...first, ...change }));
      expect(error.code).to.equal('claim.lost');
    }
    expect((await journal.load('x1'))?.version).to.equal(2);
  });

  it('lists newest first, by group, and those not ended', async () => {
    const { journal } = rig();
    await journal.create(executionOf('shop', 'x1', { declaredAt: at(1) }), alone);
    await journal.create(executionOf('shop', 'x3', { declaredAt: at(3) }), alone);
    await journal.create(executionOf('other', 'x2', { declaredAt: at(2) }), alone);
    await journal.save(executionOf('shop', 'x3', { ...ended, declaredAt: at(3) }));
    const ids = async (filter?: Parameters<typeof journal.list>[0]) =>
      (await journal.list(filter)).map(({ id }) => id);
    expect(await ids()).to.deep.equal(['x3', 'x2', 'x1']);
    expect(await ids({ group: 'shop' })).to.deep.equal(['x3', 'x1']);
    expect(await ids({ unfinished: true })).to.deep.equal(['x2', 'x1']);
    expect(await ids({ group: 'shop', unfinished: true })).to.deep.equal(['x1']);
  });

  it('keeps the RTO of what was verified, and of nothing else', async () => {
    const { store, journal } = rig();
    const end = { state: 'ended', endedAt: at(9), rtoSeconds: 40 } as const;
    const ends = [
      { ...end, result: 'succeeded', rtoSeconds: 90 },
      { ...end, result: 'unchecked' },
      { ...end, result: 'failed' },
      { ...end, result: 'succeeded', dryRun: true },
    ] as const;
    for (const [index, change] of ends.entries())
      await journal.create(executionOf('shop', `x${index}`, change), alone);
    expect((await store.get(keys.rto('shop')))?.value).to.deep.equal({
      seconds: 90,
      executionId: 'x0',
      at: at(9),
    });
  });

  it('keeps the newest execution of each mode in short, and writes that only when it changes', async () => {
    const { store, journal } = rig();
    const key = keys.newestExecution('shop', 'failover');
    const state = async () => {
      const found = await store.get(key);
      return [found?.value.id, found?.value.state, found?.modRevision];
    };
    const first = executionOf('shop', 'x1');
    await journal.create(first, alone);
    await journal.create(executionOf('shop', 'dry', { state: 'ended', dryRun: true }), alone);
    const drill = executionOf('shop', 'd1', { mode: 'drill' });
    await journal.create(drill, alone);
    const [, , created] = await state();
    expect(await state()).to.deep.equal(['x1', 'running', created]);
    await journal.save({ ...first, version: 2 });
    await journal.save({ ...first, version: 3, point: 'p1' });
    const [, , saved] = await state();
    await journal.save({ ...first, version: 4, point: 'p1' });
    expect(await state()).to.deep.equal(['x1', 'running', saved]);
    const end = { ...ended, endedAt: at(9), version: 5 };
    await journal.save({ ...first, ...end });
    expect((await state()).slice(0, 2)).to.deep.equal(['x1', 'failed']);
    const again = { ...first, version: 6 };
    await journal.reopen(again, alone);
    expect((await state()).slice(0, 2)).to.deep.equal(['x1', 'running']);
    const short = (await store.get(keys.newestExecution('shop', 'drill')))?.value;
    expect(short).to.deep.include({ id: 'd1', state: 'running', since: drill.declaredAt });
  });

  it('of two controllers that order at the same time one is let in, until it has ended', async () => {
    const { journal, store, clock } = rig();
    const other = journalOver(store, clock);
    const orders = Array.from({ length: 6 }, (_, n) => executionOf('shop', `x${n}`));
    const all = await Promise.allSettled(
      orders.map((each, n) => (n % 2 === 0 ? journal : other).create(each, admitted(each))),
    );
    expect(all.filter(({ status }) => status === 'fulfilled')).to.have.length(1);
    const [winner] = await other.list();
    await journal.save({ ...winner!, ...ended });
    const next = executionOf('shop', 'next');
    await other.create(next, admitted(next));
    const reopened = { ...winner!, version: 3, state: 'running' } as const;
    const error = await rejection(journal.reopen(reopened, admitted(reopened)));
    expect(error.code).to.equal('execution.conflict');
    await other.save({ ...next, ...ended });
    await journal.reopen(reopened, admitted(reopened));
    expect((await store.get(keys.active('shop')))?.value.executions).to.deep.equal([
      { id: winner!.id, group: 'shop', mode: 'failover', regions: ['west', 'east'] },
    ]);
  });

  it('holds the points that an order names from its beginning, or refuses it', async () => {
    const { journal, store } = rig();
    await addGroup(store, 'shop');
    const points = ['p1', 'p2', 'p3'].map((id) => pointOf('shop', id, at(0)));
    const [first, second] = points as [RecoveryPoint, RecoveryPoint];
    await store.transact(
      [],
      points.map((point) => put(keys.point('shop', point.id), point)),
    );
    const older = { point: 'p1', resources: ['volume/v1'], reason: 'its base is damaged' };
    const order = (id: string) => executionOf('shop', id, { params: { point: 'p2', older } });
    await journal.create(order('x1'), alone);
    expect(await isHeld(store, 'shop', 'p1')).to.equal(true);
    expect(await isHeld(store, 'shop', 'p2')).to.equal(true);
    expect(await isHeld(store, 'shop', 'p3')).to.equal(false);
    for (const point of [first, second])
      await store.transact(
        [],
        [put(keys.point('shop', point.id), { ...point, state: 'expiring' as const })],
      );
    const refused = await rejection(journal.create(order('x2'), alone));
    expect(refused.code).to.equal('point.expiring');
    expect(await journal.load('x2')).to.equal(null);
  });

  it('tells the drill to yield in the very transaction that lets the failover in', async () => {
    const { journal, store } = rig();
    const drill = executionOf('shop', 'd1', { mode: 'drill' });
    await journal.create(drill, admitted(drill));
    const failover = executionOf('shop', 'f1');
    await journal.create(failover, admitted(failover));
    const [order] = await store.range(keys.order('d1'));
    expect(order?.value.instruction).to.deep.include({ type: 'cancelled' });
    expect(order?.modRevision).to.equal((await store.get(keys.execution('f1')))?.modRevision);
  });

  it('gives the same request the same execution, and refuses its key to another', async () => {
    const { journal, store, clock } = rig();
    const request = { key: 'a b/ü', order: { group: 'shop', params: { a: 1 } } };
    const create = (id: string, by: StoreJournal = journal) => {
      const execution = executionOf('shop', id, { state: 'ended' });
      return by.create(execution, alone, { request });
    };
    const both = await Promise.all([create('x1'), create('x2', journalOver(store, clock))]);
    expect(both[0].id).to.equal(both[1].id);
    expect(await journal.list()).to.have.length(1);
    expect((await journal.requested(request))?.id).to.equal(both[0].id);
    const other = { ...request, order: { group: 'shop', params: { a: 2 } } };
    expect((await rejection(journal.requested(other))).code).to.equal('request.key-reused');
    expect(await journal.requested({ ...request, key: 'c' })).to.equal(null);
  });

  it('forgets the keys of requests after a day', async () => {
    const { journal, store, clock } = rig();
    const create = (id: string) => {
      const execution = executionOf('shop', id, { state: 'ended' });
      return journal.create(execution, alone, { request: { key: id, order: {} } });
    };
    await create('x1');
    await clock.advance(23 * 3600);
    await create('x2');
    expect(await store.range(keys.request())).to.have.length(2);
    await clock.advance(3600 + 1);
    await create('x3');
    expect(await store.range(keys.request())).to.have.length(2);
  });

  it('writes the audit with what it tells of', async () => {
    const { journal, store } = rig();
    const note = { at: at(1), action: 'a', subject: 'shop', reason: 'r', details: {} };
    const execution = executionOf('shop', 'x1');
    await journal.create(execution, alone, { audit: [note] });
    await journal.save({ ...execution, version: 2 }, { audit: [{ ...note, at: at(2) }] });
    const refused = { ...execution, version: 2, point: 'a' };
    await rejection(journal.save(refused, { audit: [{ ...note, at: at(3) }] }));
    const records = await store.range(keys.audit());
    expect(records.map(({ value }) => value)).to.deep.equal([
      { ...note, site: 'west' },
      { ...note, at: at(2), site: 'west' },
    ]);
  });

  it('shows who watches each state until the end, and the unfinished as they come and go', async () => {
    const { journal } = rig();
    const seen: string[] = [];
    const leaving = new AbortController();
    const watching = (async () => {
      for await (const unfinished of journal.unfinished(leaving.signal))
        seen.push(unfinished.map(({ id }) => id).join());
    })();
    const first = executionOf('shop', 'x1');
    await journal.create(first, alone);
    const states = collect(journal.follow('x1', leaving.signal));
    await journal.save({ ...first, version: 2 });
    await journal.save({ ...first, ...ended, version: 3 });
    expect((await states).map(({ version }) => version).at(-1)).to.equal(3);
    await new Promise((resolve) => setImmediate(resolve));
    leaving.abort();
    await watching;
    expect(seen.slice(-2)).to.deep.equal(['x1', '']);
  });

  it('waits for a store that is away before it shows the unfinished', async () => {
    const { journal, store, clock } = rig();
    await journal.create(executionOf('shop', 'x1'), alone);
    const range = store.range.bind(store);
    store.range = () => Promise.reject(away());
    const leaving = new AbortController();
    const other = journalOver(store, clock);
    const first = other.unfinished(leaving.signal)[Symbol.asyncIterator]().next();
    await clock.advance(3);
    store.range = range;
    await clock.advance(1);
    expect((await first).value).to.have.length(1);
    leaving.abort();
  });
});

describe('StoreOrders', () => {
  it('stand until the state that follows from them is saved, in one transaction', async () => {
    const { journal, orders, store } = rig();
    const execution = executionOf('shop', 'x1');
    await journal.create(execution, alone);
    await orders.place(execution, cancel);
    const { signal } = new AbortController();
    for await (const standing of orders.standing('x1', signal)) {
      expect(standing).to.deep.equal([cancel]);
      break;
    }
    let isSettled = false;
    const settled = orders.settled('x1', 'o1', signal).then(() => (isSettled = true));
    await journal.save({ ...execution, version: 2, point: 'a' });
    expect(isSettled).to.equal(false);
    await journal.save({ ...execution, version: 3, cancelRequested: true }, { orders: ['o1'] });
    await settled;
    expect(await store.range(keys.order('x1'))).to.deep.equal([]);
  });

  it('are refused once it has ended, and go with its end; whoever waits is told', async () => {
    const { journal, orders, store } = rig();
    const execution = executionOf('shop', 'x1');
    await journal.create(execution, alone);
    await orders.place(execution, cancel);
    const settled = orders.settled('x1', 'o1', new AbortController().signal);
    // One comes between the look at what stands and the commit of the end.
    const range = store.range.bind(store);
    let isPlaced = false;
    store.range = async <T>(prefix: Key<T>) => {
      const found = await range(prefix);
      if (!isPlaced) await orders.place(execution, { ...cancel, id: 'o2' });
      isPlaced = true;
      return found;
    };
    await journal.save({ ...execution, ...ended }, { orders: ['o1'] });
    await settled;
    expect(isPlaced).to.equal(true);
    expect(await store.range(keys.order('x1'))).to.deep.equal([]);
    const error = await rejection(orders.place(execution, cancel));
    expect(error.code).to.equal('execution.ended');
  });

  it('whoever waits for one can stop waiting', async () => {
    const { journal, orders } = rig();
    const execution = executionOf('shop', 'x1');
    await journal.create(execution, alone);
    await orders.place(execution, cancel);
    const leaving = new AbortController();
    const settled = rejection(orders.settled('x1', 'o1', leaving.signal));
    leaving.abort(
      new FarshoreError('enough', { code: 'test.enough', kind: 'transient', operation: 'wait' }),
    );
    expect((await settled).code).to.equal('test.enough');
  });
});
