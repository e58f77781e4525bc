import { expect } from 'chai';
import { isoTime } from '../../../kernel/clock.ts';
import { silentLog } from '../../../kernel/log.ts';
import { claimSession } from '../../../controller/replication/claim.ts';
import type { Sites } from '../../../controller/sites.ts';
import { keys } from '../../../controller/state/keys.ts';
import { StoreLedger } from '../../../controller/state/ledger.ts';
import { put } from '../../../controller/store/store.ts';
import { uncontested } from '../support/cluster.ts';
import { addGroup, countingRandom } from '../support/fixtures.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { MemoryStore } from '../support/memory-store.ts';

describe('the claim of a new session', () => {
  const { signal } = new AbortController();

  for (const why of ['paused', 'failed over'] as const)
    it(`begins none of a group that was ${why} since it was found due`, async () => {
      const store = new MemoryStore();
      await addGroup(store, 'shop');
      const record = (await store.get(keys.group('shop')))!.value;
      const head = (await store.get(keys.head('shop')))!.value;
      const changed =
        why === 'paused'
          ? put(keys.group('shop'), { ...record, spec: { ...record.spec, paused: true } })
          : put(keys.head('shop'), {
              ...head,
              generation: 2,
              primary: head.secondary,
              secondary: head.primary,
              failedOver: { executionId: 'x1', from: head.primary, at: isoTime(0) },
            });
      await store.transact([], [changed]);
      const ledger = new StoreLedger(store, uncontested);
      const ambient = { clock: new ManualClock(), random: countingRandom(), log: silentLog };
      // Neither region is asked: there are none.
      const deps = { store, ledger, ambient, claims: uncontested, sites: {} as Sites };
      expect(await claimSession('shop', deps, signal)).to.equal(null);
      expect(await ledger.session('shop')).to.equal(null);
    });
});
