import { expect } from 'chai';
import { keys } from '../../../controller/state/keys.ts';
import { StoreLedger } from '../../../controller/state/ledger.ts';
import { addGroup, pointOf, sessionOf } from '../support/fixtures.ts';
import { uncontested } from '../support/cluster.ts';
import { MemoryStore } from '../support/memory-store.ts';

describe('sessions that ended and have no point', () => {
  const manifest = { object: 'o', sha256: 's' };
  const rig = async () => {
    const store = new MemoryStore();
    await addGroup(store, 'shop');
    return { store, ledger: new StoreLedger(store, uncontested) };
  };

  it('are those that never committed the manifest they sealed, and those whose point is gone', async () => {
    const { ledger } = await rig();
    const run = async (id: string, phase: 'done' | 'failed' | 'shipping') => {
      const session = sessionOf('shop', id, { phase, manifest });
      await ledger.saveSession(session);
      const point = pointOf('shop', id, '2026-11-21T08:00:00.000Z');
      if (phase === 'done') await ledger.commitPoint(point, session, await ledger.points('shop'));
    };
    await run('s1', 'done');
    await run('s2', 'failed');
    await ledger.saveSession(sessionOf('shop', 's2b', { phase: 'failed' }));
    await run('s3', 'done');
    await run('s4', 'shipping');
    expect(await ledger.pointless('shop')).to.deep.equal(['s2']);
    await ledger.removePoint('shop', 's1');
    expect(await ledger.pointless('shop')).to.deep.equal(['s1', 's2']);
  });

  it('are remembered however many failed since without having sealed any, and no more than twenty', async () => {
    const { store, ledger } = await rig();
    const fail = (n: number, sealed: object) =>
      ledger.saveSession(sessionOf('shop', `s${n}`, { phase: 'failed', ...sealed }));
    await fail(10, { manifest });
    for (let n = 11; n < 60; n++) await fail(n, {});
    expect(await ledger.pointless('shop')).to.deep.equal(['s10']);
    expect(await store.range(keys.history('shop'))).to.have.length(21);
    for (let n = 60; n < 90; n++) await fail(n, { manifest });
    const remembered = Array.from({ length: 21 }, (_, n) => `s${69 + n}`);
    expect(await ledger.pointless('shop')).to.deep.equal(remembered);
  });
});
