import { expect } from 'chai';
import { silentLog } from '../../../kernel/log.ts';
import { ControllerControl } from '../../../controller/control.ts';
import type { Sites } from '../../../controller/sites.ts';
import { isHeld, holdPoint } from '../../../controller/state/holds.ts';
import { keys } from '../../../controller/state/keys.ts';
import { StoreLedger } from '../../../controller/state/ledger.ts';
import { put, remove } from '../../../controller/store/store.ts';
import { newestProven } from '../../../replicator/point/choose.ts';
import type { RecoveryPoint } from '../../../replicator/point/types.ts';
import { rejection } from '../../support/rejection.ts';
import {
  addGroup,
  addProvenPoint,
  executionOf,
  pointOf,
  sessionOf,
  volume,
} from '../support/fixtures.ts';
import { uncontested } from '../support/cluster.ts';
import { alone, journalOver } from '../support/journal.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MemoryStore } from '../support/memory-store.ts';

const at = (minute: number) => `2026-11-21T08:${String(minute).padStart(2, '0')}:00.000Z`;

function rig() {
  const store = new MemoryStore();
  const ledger = new StoreLedger(store, uncontested);
  const clock = new ManualClock();
  const control = new ControllerControl({
    store,
    ledger,
    sites: {} as Sites,
    movers: {},
    clock,
    log: silentLog,
    claims: uncontested,
  });
  return { store, ledger, control, journal: journalOver(store, clock) };
}

describe('StoreLedger', () => {
  it('claims a session, saves its states and has them after a restart', async () => {
    const { store, ledger } = rig();
    await addGroup(store, 'shop');
    const image = { kind: 'image', id: 'i1', name: 'base' } as const;
    await ledger.saveSession(sessionOf('shop', 's1', { resources: [volume, image] }));
    await ledger.saveSession(sessionOf('shop', 's1', { phase: 'shipping', runs: 1 }));
    const again = new StoreLedger(store.reopened(), uncontested);
    expect(await again.session('shop')).to.include({ id: 's1', phase: 'shipping', runs: 1 });
    const members = await store.get(keys.members('shop'));
    expect(members?.value.resources).to.deep.equal([volume, image]);
    expect(await again.session('other')).to.equal(null);
  });

  it('lets no second session in beside one under way', async () => {
    const { store, ledger } = rig();
    await addGroup(store, 'shop');
    await ledger.saveSession(sessionOf('shop', 's1'));
    const error = await rejection(ledger.saveSession(sessionOf('shop', 's2')));
    expect(error.code).to.equal('session.in-progress');
    expect((await ledger.session('shop'))?.id).to.equal('s1');
  });

  it('expires a point only while those that are kept in its place are proven', async () => {
    const { store, ledger } = rig();
    await addGroup(store, 'shop');
    for (const [id, minute] of [
      ['p1', 1],
      ['p2', 2],
    ] as const) {
      const point = pointOf('shop', id, at(minute));
      await store.transact([], [put(keys.point('shop', id), point)]);
    }
    const stateOf = async (id: string) => (await store.get(keys.point('shop', id)))?.value.state;
    const kept = [{ id: 'p2', state: 'proven', damaged: 0 }] as const;
    await record(ledger, 'p2', 1);
    const refused = await rejection(ledger.expirePoint('shop', 'p1', kept));
    expect([refused.code, refused.kind]).to.deep.equal(['retention.kept-changed', 'transient']);
    expect(await stateOf('p1')).to.equal('proven');
    await record(ledger, 'p2', 0);
    await ledger.expirePoint('shop', 'p1', kept);
    expect(await stateOf('p1')).to.equal('expiring');
  });

  it('of many claims at once one wins', async () => {
    const { store, ledger } = rig();
    await addGroup(store, 'shop');
    const claims = Array.from({ length: 10 }, (_, n) =>
      ledger.saveSession(sessionOf('shop', `s${n}`)).then(
        () => 'won',
        () => 'lost',
      ),
    );
    expect((await Promise.all(claims)).filter((each) => each === 'won')).to.have.length(1);
  });

  it('replaces an ended session, remembers it in short, and forgets beyond twenty', async () => {
    const { store, ledger } = rig();
    await addGroup(store, 'shop');
    for (let n = 10; n < 40; n++)
      await ledger.saveSession(sessionOf('shop', `s${n}`, { phase: 'done', runs: 1 }));
    const history = await store.range(keys.history('shop'));
    expect(history.map(({ value }) => value.id)).to.deep.equal(
      Array.from({ length: 20 }, (_, n) => `s${n + 19}`),
    );
    const late = await rejection(ledger.saveSession(sessionOf('shop', 's20', { runs: 7 })));
    expect(late.code).to.equal('session.superseded');
    expect((await ledger.session('shop'))?.id).to.equal('s39');
  });

  it('refuses every write of an older generation, the point with it', async () => {
    const { store, ledger, control } = rig();
    await addGroup(store, 'shop');
    await addProvenPoint(store, 'shop');
    const session = sessionOf('shop', 's1', { phase: 'committing' });
    await ledger.saveSession(session);
    await control.raiseGeneration('shop', 'x1');
    const others = await ledger.points('shop');
    const writes = [
      ledger.saveSession(session),
      ledger.commitPoint(pointOf('shop', 's1', at(0)), { ...session, phase: 'expiring' }, others),
      ledger.saveSession(sessionOf('shop', 's2')),
    ];
    for (const write of writes)
      expect((await rejection(write)).code).to.equal('session.superseded');
    expect((await ledger.points('shop')).map(({ id }) => id)).to.deep.equal(['p1']);
    expect(await ledger.session('shop')).to.include({ id: 's1', phase: 'superseded' });
  });

  it('refuses a write that read the generation just before it rose', async () => {
    const { store, ledger, control } = rig();
    await addGroup(store, 'shop');
    await addProvenPoint(store, 'shop');
    const session = sessionOf('shop', 's1', { phase: 'committing' });
    await ledger.saveSession(session);
    const others = await ledger.points('shop');
    const outcomes = await Promise.allSettled([
      ...Array.from({ length: 20 }, (_, n) => ledger.saveSession({ ...session, runs: n })),
      control.raiseGeneration('shop', 'x1'),
      ledger.commitPoint(pointOf('shop', 's1', at(0)), { ...session, phase: 'expiring' }, others),
      ...Array.from({ length: 20 }, (_, n) => ledger.saveSession({ ...session, runs: n })),
    ]);
    expect(outcomes[20]?.status).to.equal('fulfilled');
    const points = await ledger.points('shop');
    expect(points).to.have.length(outcomes[21]?.status === 'fulfilled' ? 2 : 1);
    expect(await ledger.session('shop')).to.include({ phase: 'superseded' });
  });

  it('commits the point and the phase together, and again without harm', async () => {
    const { store, ledger } = rig();
    await addGroup(store, 'shop');
    const session = sessionOf('shop', 's1', { phase: 'committing' });
    await ledger.saveSession(session);
    const next = { ...session, phase: 'expiring' } as const;
    store.beforeWrite = () => {
      throw new Error('killed');
    };
    const point = pointOf('shop', 's1', at(0));
    expect(await ledger.commitPoint(point, next, []).catch((e: unknown) => e)).to.be.an('error');
    expect(await ledger.points('shop')).to.deep.equal([]);
    expect((await ledger.session('shop'))?.phase).to.equal('committing');
    store.beforeWrite = undefined;
    await ledger.commitPoint(point, next, []);
    await ledger.commitPoint(point, next, []);
    const checked = { ...point.checked, serial: 2 };
    expect(await ledger.points('shop')).to.deep.equal([{ ...point, sequence: 1, checked }]);
    expect((await ledger.session('shop'))?.phase).to.equal('expiring');
  });

  it('numbers points as they are committed, so that a clock that ran ahead does not make one the newest', async () => {
    const { store, ledger } = rig();
    await addGroup(store, 'shop');
    const commit = async (id: string, dataTime: string) => {
      const session = sessionOf('shop', id, { phase: 'done' });
      for (const others of [await ledger.points('shop'), await ledger.points('shop')])
        await ledger.commitPoint(pointOf('shop', id, dataTime), session, others);
    };
    await commit('s1', '2027-01-01T00:00:00.000Z');
    await commit('s2', at(5));
    await commit('s3', at(1));
    const points = await ledger.points('shop');
    expect(points.map(({ id, sequence }) => [id, sequence])).to.deep.equal([
      ['s3', 3],
      ['s2', 2],
      ['s1', 1],
    ]);
    expect(newestProven(points)?.id).to.equal('s3');
  });

  it('refuses a session of a group that was deleted', async () => {
    const { store, ledger } = rig();
    await addGroup(store, 'shop');
    await store.transact([], [remove(keys.head('shop'))]);
    const error = await rejection(ledger.saveSession(sessionOf('shop', 's1')));
    expect(error.code).to.equal('session.superseded');
  });

  it('lists points newest first and only those of the group', async () => {
    const { store, ledger } = rig();
    for (const [group, id, minute] of [
      ['shop', 'p2', 20],
      ['shop', 'p1', 10],
      ['shop', 'p3', 30],
      ['shop-2', 'p4', 40],
    ] as const)
      await store.transact([], [put(keys.point(group, id), pointOf(group, id, at(minute)))]);
    const points = await ledger.points('shop');
    expect(points.map(({ id }) => id)).to.deep.equal(['p3', 'p2', 'p1']);
  });

  it('records damage, but brings back neither a removed point nor one that is expiring', async () => {
    const { store, ledger } = rig();
    const point = pointOf('shop', 'p1', at(0));
    await store.transact([], [put(keys.point('shop', 'p1'), point)]);
    await record(ledger, 'p1', 1);
    expect((await ledger.points('shop'))[0]?.state).to.equal('damaged');
    await store.transact([], [put(keys.point('shop', 'p1'), { ...point, state: 'expiring' })]);
    await record(ledger, 'p1', 0);
    expect((await ledger.points('shop'))[0]?.state).to.equal('expiring');
    await ledger.removePoint('shop', 'p1');
    await ledger.removePoint('shop', 'p1');
    expect(await record(ledger, 'p1', 0)).to.deep.equal([]);
    expect(await ledger.points('shop')).to.deep.equal([]);
  });

  it('records what checks found in several points in one transaction, resource by resource', async () => {
    const { store, ledger } = rig();
    const other = { ...volume, id: 'v2', name: 'other' };
    for (const [id, minute] of [
      ['p1', 1],
      ['p2', 2],
    ] as const) {
      const point = pointOf('shop', id, at(minute));
      const members = [volume, other].map((resource) => ({ ...point.members[0]!, resource }));
      await store.transact([], [put(keys.point('shop', id), { ...point, members })]);
    }
    let writes = 0;
    store.beforeWrite = () => {
      writes += 1;
    };
    const checks = new Map([['volume/v1', { findings: [], damaged: 3 }]]);
    const points = new Map([
      ['p1', checks],
      ['p2', checks],
    ]);
    await ledger.recordChecks('shop', { at: at(9), depth: 'content', points });
    expect(writes).to.equal(1);
    for (const point of await ledger.points('shop')) {
      expect(point).to.deep.include({ state: 'partial' });
      expect(point.members.map(({ state }) => state)).to.deep.equal(['damaged', 'proven']);
      expect(point.checked).to.deep.include({ at: at(9), damaged: 3 });
    }
  });
});

describe('a check that ends after another has found damage', () => {
  it('does not make the point proven, and is told so; one that began after that does', async () => {
    const { store, ledger } = rig();
    const seen = pointOf('shop', 'p1', at(0));
    await store.transact([], [put(keys.point('shop', 'p1'), seen)]);
    await record(ledger, 'p1', 1, [seen]);
    const [late] = await record(ledger, 'p1', 0, [seen]);
    expect(late?.state).to.equal('damaged');
    const [damaged] = await ledger.points('shop');
    expect(damaged).to.deep.include({ state: 'damaged' });
    expect((await record(ledger, 'p1', 0, [damaged!]))[0]?.state).to.equal('proven');
    expect((await ledger.points('shop'))[0]?.state).to.equal('proven');
  });
});

/** As a check of content that found so much in the volume. */
let minute = 10;
function record(ledger: StoreLedger, id: string, damaged: number, seen?: readonly RecoveryPoint[]) {
  const checks = new Map([['volume/v1', { findings: [], damaged }]]);
  const checked = { at: at(minute++), depth: 'content', points: new Map([[id, checks]]) } as const;
  return ledger.recordChecks('shop', checked, seen);
}

describe('ControllerControl', () => {
  it('raises nothing for a group that has no proven point, or none any more', async () => {
    const { store, control } = rig();
    await addGroup(store, 'shop');
    await addProvenPoint(store, 'shop');
    const damaged = pointOf('shop', 'p1', at(1), { state: 'damaged' });
    await store.transact([], [put(keys.point('shop', 'p1'), damaged)]);
    const refused = await rejection(control.raiseGeneration('shop', 'x1'));
    expect(refused.code).to.equal('point.none-proven');
    expect((await control.group('shop')).generation).to.equal(1);
  });

  it('raises the generation once for an execution, however often it asks', async () => {
    const { store, control, ledger } = rig();
    await addGroup(store, 'shop');
    await addProvenPoint(store, 'shop');
    await ledger.saveSession(sessionOf('shop', 's1', { phase: 'shipping' }));
    const first = await control.raiseGeneration('shop', 'x1');
    expect(first).to.deep.equal({ generation: 2, primary: 'west', lostPrimary: 'east' });
    expect(await control.raiseGeneration('shop', 'x1')).to.deep.equal(first);
    expect(await control.group('shop')).to.deep.equal({
      name: 'shop',
      generation: 2,
      primary: 'west',
      secondary: 'east',
      restoreRegion: 'west',
      failedOverBy: 'x1',
      rpoSeconds: 900,
      rtoSeconds: 3600,
    });
    expect((await ledger.session('shop'))?.error?.code).to.equal('session.superseded');
  });

  it('many askers at once raise it by one', async () => {
    const { store, control } = rig();
    await addGroup(store, 'shop');
    await addProvenPoint(store, 'shop');
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => control.raiseGeneration('shop', 'x1')),
    );
    for (const answer of answers) expect(answer.generation).to.equal(2);
    expect((await store.get(keys.head('shop')))?.value.generation).to.equal(2);
  });

  it('refuses a second failover by another execution', async () => {
    const { store, control } = rig();
    await addGroup(store, 'shop');
    await addProvenPoint(store, 'shop');
    await control.raiseGeneration('shop', 'x1');
    const error = await rejection(control.raiseGeneration('shop', 'x2'));
    expect(error.code).to.equal('group.failed-over');
    expect(error.hint).to.include('x1');
  });

  it('leaves an ended session as it ended', async () => {
    const { store, control, ledger } = rig();
    await addGroup(store, 'shop');
    await addProvenPoint(store, 'shop');
    await ledger.saveSession(sessionOf('shop', 's1', { phase: 'done' }));
    await control.raiseGeneration('shop', 'x1');
    expect((await ledger.session('shop'))?.phase).to.equal('done');
  });

  it('killed before the write nothing was raised; after it, asking again tells what was', async () => {
    const { store, control } = rig();
    await addGroup(store, 'shop');
    await addProvenPoint(store, 'shop');
    store.beforeWrite = () => {
      throw new Error('killed');
    };
    await control.raiseGeneration('shop', 'x1').catch(() => undefined);
    store.beforeWrite = undefined;
    expect((await store.get(keys.head('shop')))?.value.generation).to.equal(1);
    expect((await control.raiseGeneration('shop', 'x1')).generation).to.equal(2);
  });

  it('shows the points of the region that is restored into, before and after a failover', async () => {
    const { store, control } = rig();
    await addGroup(store, 'shop');
    await addProvenPoint(store, 'shop');
    const rows = [
      pointOf('shop', 'p1', at(1)),
      pointOf('shop', 'p2', at(2), { state: 'expiring' }),
      pointOf('shop', 'p3', at(3), { region: 'north' }),
      pointOf('shop', 'p4', at(4), { state: 'damaged' }),
    ];
    await store.transact(
      [],
      rows.map((point) => put(keys.point('shop', point.id), point)),
    );
    const shown = async () => (await control.points('shop')).map(({ id }) => id);
    expect(await shown()).to.deep.equal(['p4', 'p1']);
    await control.raiseGeneration('shop', 'x1');
    expect(await shown()).to.deep.equal(['p4', 'p1']);
  });
});

describe('holds', () => {
  it('hold while the execution has not ended, and again when it is retried', async () => {
    const { store, journal } = rig();
    await store.transact([], [put(keys.point('shop', 'p1'), pointOf('shop', 'p1', at(0)))]);
    await journal.create(executionOf('shop', 'x1'), alone);
    await holdPoint(store, 'shop', 'p1', 'x1');
    await holdPoint(store, 'shop', 'p1', 'x1');
    expect(await isHeld(store, 'shop', 'p1')).to.equal(true);
    expect(await isHeld(store, 'shop', 'p2')).to.equal(false);
    await journal.save(executionOf('shop', 'x1', { version: 2, state: 'ended', result: 'failed' }));
    expect(await isHeld(store, 'shop', 'p1')).to.equal(false);
    await journal.save(executionOf('shop', 'x1', { version: 3 }));
    expect(await isHeld(store, 'shop', 'p1')).to.equal(true);
  });

  it('are refused on a point that is going or gone', async () => {
    const { store, journal } = rig();
    await journal.create(executionOf('shop', 'x1'), alone);
    const point = pointOf('shop', 'p1', at(0), { state: 'expiring' });
    await store.transact([], [put(keys.point('shop', 'p1'), point)]);
    expect((await rejection(holdPoint(store, 'shop', 'p1', 'x1'))).code).to.equal('point.expiring');
    expect((await rejection(holdPoint(store, 'shop', 'p9', 'x1'))).code).to.equal(
      'point.not-found',
    );
  });
});
