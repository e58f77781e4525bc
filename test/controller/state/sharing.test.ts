import { expect } from 'chai';
import { keys } from '../../../controller/state/keys.ts';
import { StoreLedger } from '../../../controller/state/ledger.ts';
import { put } from '../../../controller/store/store.ts';
import type { Finding } from '../../../replicator/mover.ts';
import type { RecoveryPoint } from '../../../replicator/point/types.ts';
import { rejection } from '../../support/rejection.ts';
import { uncontested } from '../support/cluster.ts';
import { addGroup, addProvenPoint, pointOf, sessionOf } from '../support/fixtures.ts';
import { MemoryStore } from '../support/memory-store.ts';

const at = '2026-11-21T08:20:00.000Z';

/** As a check of content that found damage in the volume of `p1`, when that was the only point. */
function record(ledger: StoreLedger, seen: readonly RecoveryPoint[]) {
  const points = new Map([['p1', new Map([['volume/v1', { findings: [], damaged: 1 }]])]]);
  return ledger.recordChecks('shop', { at, depth: 'content', points, among: ['p1'] }, seen);
}

describe('damage that a new point may share', () => {
  async function withOlder() {
    const store = new MemoryStore();
    const ledger = new StoreLedger(store, uncontested);
    await addGroup(store, 'shop');
    await addProvenPoint(store, 'shop');
    const session = sessionOf('shop', 's1', { phase: 'committing' });
    await ledger.saveSession(session);
    const commit = async (others: readonly RecoveryPoint[]) =>
      ledger.commitPoint(pointOf('shop', 's1', at), { ...session, phase: 'expiring' }, others);
    return { ledger, commit, known: await ledger.points('shop') };
  }
  const codes = (outcomes: readonly PromiseSettledResult<unknown>[]) =>
    outcomes.map((each) =>
      each.status === 'rejected' ? (each.reason as { code: string }).code : 'done',
    );

  it('refuses a point whose head was made before it was recorded, and takes one made after', async () => {
    const { ledger, commit, known } = await withOlder();
    await record(ledger, known);
    const refused = await rejection(commit(known));
    expect([refused.code, refused.kind]).to.deep.equal(['point.others-changed', 'transient']);
    expect(await ledger.points('shop')).to.have.length(1);
    expect(await ledger.session('shop')).to.include({ phase: 'committing' });
    await commit(await ledger.points('shop'));
    expect(await ledger.points('shop')).to.have.length(2);
  });

  it('is not recorded of the others alone when the point was committed since', async () => {
    const { ledger, commit, known } = await withOlder();
    await commit(known);
    const refused = await rejection(record(ledger, known));
    expect([refused.code, refused.kind]).to.deep.equal(['point.others-changed', 'transient']);
    expect((await ledger.points('shop')).map(({ state }) => state)).to.deep.equal([
      'proven',
      'proven',
    ]);
  });

  it('has a place among all checks that no point takes along when it goes', async () => {
    const { ledger, commit, known } = await withOlder();
    await record(ledger, known);
    expect(await ledger.newestCheck('shop')).to.equal(1);
    await commit(await ledger.points('shop'));
    const serials = async () => (await ledger.points('shop')).map(({ checked }) => checked.serial);
    expect(await serials()).to.deep.equal([2, 1]);
    await ledger.removePoint('shop', 's1');
    const points = new Map([['p1', new Map([['volume/v1', { findings: [], damaged: 2 }]])]]);
    await ledger.recordChecks('shop', { at, depth: 'content', points });
    expect(await serials()).to.deep.equal([3]);
    expect(await ledger.newestCheck('shop')).to.equal(3);
  });

  it('of a commit and a record side by side whichever is first is seen by the other', async () => {
    for (const isRecordFirst of [true, false]) {
      const { ledger, commit, known } = await withOlder();
      const both = [() => record(ledger, known), () => commit(known)];
      const outcomes = await Promise.allSettled(
        (isRecordFirst ? both : both.toReversed()).map((each) => each()),
      );
      expect(codes(outcomes)).to.have.members(['done', 'point.others-changed']);
    }
  });
});

describe('what a point shares with one that was read', () => {
  it('does not call a point checked because what it shares with another was read', async () => {
    const store = new MemoryStore();
    const ledger = new StoreLedger(store, uncontested);
    for (const id of ['p1', 'p2'])
      await store.transact(
        [],
        [put(keys.point('shop', id), pointOf('shop', id, '2026-11-21T08:01:00.000Z'))],
      );
    const damage = {
      resource: 'volume/v1',
      subject: 'x',
      problem: 'missing',
      detail: '-',
    } as const;
    const found = (findings: readonly Finding[]) => {
      const checks = new Map([['volume/v1', { findings, damaged: findings.length }]]);
      return new Map(['p1', 'p2'].map((id) => [id, checks] as const));
    };
    const before = (await ledger.points('shop')).find(({ id }) => id === 'p1')!.checked;
    for (const findings of [[damage], []]) {
      const points = found(findings);
      await ledger.recordChecks('shop', { at, depth: 'content', points, of: 'p2' });
      const [shared, read] = ['p1', 'p2'].map(async (id) =>
        (await ledger.points('shop')).find((each) => each.id === id)!,
      );
      expect((await read!).checked).to.deep.include({ at, depth: 'content' });
      const { at: checkedAt, depth, damaged } = (await shared!).checked;
      expect({ checkedAt, depth, damaged }).to.deep.equal({
        checkedAt: before.at,
        depth: before.depth,
        damaged: findings.length,
      });
    }
  });
});
