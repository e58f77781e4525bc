import { expect } from 'chai';
import { readChanges, releaseResource, saveChanges } from '../../../controller/state/changes.ts';
import { readExemptions } from '../../../controller/state/exemptions.ts';
import { holdForOperator } from '../../../controller/state/holds.ts';
import { auditEntry } from '../../../controller/state/audit.ts';
import { keys } from '../../../controller/state/keys.ts';
import { StoreLedger } from '../../../controller/state/ledger.ts';
import type { AuditRecord, MemberChange } from '../../../controller/state/records.ts';
import { put } from '../../../controller/store/store.ts';
import { rejection } from '../../support/rejection.ts';
import { uncontested } from '../support/cluster.ts';
import { addGroup, pointOf, sessionOf, volume } from '../support/fixtures.ts';
import { MemoryStore } from '../support/memory-store.ts';

const at = '2026-11-21T08:00:00.000Z';
const nowMs = Date.parse(at) + 3_600_000;
const week = 7 * 86_400;
const record: AuditRecord = {
  at,
  action: 'x',
  subject: 'shop',
  reason: 'it was deleted on purpose',
  details: {},
  site: 'west',
};
const lost: MemberChange = { resource: volume, change: 'lost', since: at, detail: '-' };

async function rig() {
  const store = new MemoryStore();
  await addGroup(store, 'shop');
  await store.transact([], [put(keys.point('shop', 'p1'), pointOf('shop', 'p1', at))]);
  return { store, ledger: new StoreLedger(store, uncontested), claims: uncontested };
}

describe('what is kept beside the policy', () => {
  it('a point that an operator holds is not expired, until he lets it go; both are audited', async () => {
    const { store, ledger } = await rig();
    const hold = { reason: 'evidence', at };
    await holdForOperator(store, 'shop', 'p1', hold, auditEntry(record, '1'));
    const held = await readExemptions(store, 'shop', nowMs, week);
    expect([...held.held]).to.deep.equal([['p1', 'evidence']]);
    expect((await rejection(ledger.expirePoint('shop', 'p1'))).code).to.equal('point.held');
    await holdForOperator(store, 'shop', 'p1', null, auditEntry(record, '2'));
    expect((await readExemptions(store, 'shop', nowMs, week)).held.size).to.equal(0);
    await ledger.expirePoint('shop', 'p1');
    const late = holdForOperator(store, 'shop', 'p1', hold, auditEntry(record, '3'));
    expect((await rejection(late)).code).to.equal('point.expiring');
    expect(await store.range(keys.audit())).to.have.length(2);
  });

  it('the last copies of what is lost are, until it is released or the grace has passed', async () => {
    const { store, claims } = await rig();
    await saveChanges('shop', [], [lost], { store, claims });
    const copies = async (graceSeconds: number) =>
      (await readExemptions(store, 'shop', nowMs, graceSeconds)).copies;
    expect(await copies(week)).to.deep.equal([{ resource: 'volume/v1', why: `lost since ${at}` }]);
    expect(await copies(60)).to.deep.equal([]);
    await releaseResource('shop', 'volume/v1', { audit: record, id: '1' }, store);
    await releaseResource('shop', 'volume/v1', { audit: record, id: '2' }, store);
    expect(await copies(week)).to.deep.equal([]);
    expect(await readChanges(store, 'shop')).to.deep.equal([{ ...lost, releasedAt: at }]);
    expect(await store.range(keys.audit()), 'once').to.have.length(1);
    const other = releaseResource('shop', 'volume/v9', { audit: record, id: '3' }, store);
    expect((await rejection(other)).code).to.equal('group.nothing-to-release');
  });

  it('what an operator let go meanwhile is not brought back by a session that began before', async () => {
    const { store, claims } = await rig();
    await saveChanges('shop', [], [lost], { store, claims });
    const seen = await readChanges(store, 'shop');
    await releaseResource('shop', 'volume/v1', { audit: record, id: '1' }, store);
    await saveChanges('shop', seen, [lost, { ...lost, change: 'emptied' }], { store, claims });
    expect(await readChanges(store, 'shop')).to.deep.equal([{ ...lost, releasedAt: at }]);
  });

  it('a change of content is noted with its point, in one transaction, and names the copies from before', async () => {
    const { store, ledger } = await rig();
    const session = sessionOf('shop', 's1', {
      phase: 'committing',
      changes: [{ resource: 'volume/v1', change: 'changed', detail: '80 %' }],
    });
    await ledger.saveSession(session);
    const point = pointOf('shop', 's1', at);
    for (const repeated of [1, 2]) {
      const others = await ledger.points('shop');
      await ledger.commitPoint(point, { ...session, phase: 'expiring' }, others);
      const changes = await readChanges(store, 'shop');
      expect(changes, `${repeated}`).to.have.length(1);
      const { sequence } = (await ledger.points('shop')).find(({ id }) => id === 's1')!;
      expect(changes[0]).to.deep.include({ resource: volume, change: 'changed', sequence });
    }
    const { copies } = await readExemptions(store, 'shop', nowMs, week);
    expect(copies[0]?.before).to.be.a('number');
  });
});
