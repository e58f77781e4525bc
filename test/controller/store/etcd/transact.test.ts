import { status } from '@grpc/grpc-js';
import { expect } from 'chai';
import fc from 'fast-check';
import type { Attempt, Caller, Plan } from '../../../../controller/store/etcd/caller.ts';
import { Endpoint } from '../../../../controller/store/etcd/endpoint.ts';
import { EtcdStore } from '../../../../controller/store/etcd/etcd-store.ts';
import { finalError, RpcFailure, verdictOn } from '../../../../controller/store/etcd/failures.ts';
import { Guards } from '../../../../controller/store/etcd/guards.ts';
import { Layout } from '../../../../controller/store/etcd/layout.ts';
import type { Method } from '../../../../controller/store/etcd/methods.ts';
import { Transactions } from '../../../../controller/store/etcd/transact.ts';
import { put, remove, unchanged, type Outcome } from '../../../../controller/store/store.ts';
import { FarshoreError } from '../../../../kernel/errors.ts';
import { EtcdCluster, hasEtcd } from '../../../support/etcd.ts';
import { systemAmbient } from '../../../support/system-ambient.ts';
import { key } from '../things.ts';

/** What becomes of one copy of a request: `late` ones arrive when nobody waits for them any more. */
type Fate = 'answered' | 'lost' | 'late' | 'answer lost';

const fates = fc.array(fc.constantFrom<Fate>('answered', 'lost', 'late', 'answer lost'), {
  maxLength: 5,
});

/** Calls one member over a network that does what it is told with each copy. */
class LossyCaller implements Pick<Caller, 'run' | 'call'> {
  readonly #endpoint: Endpoint;
  fates: Fate[] = [];
  late: (() => Promise<unknown>)[] = [];

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
  }

  call<Q, A>(method: Method<Q, A>, request: Q, plan: Plan): Promise<A> {
    return this.run(plan, (attempt) => attempt.call(method, request));
  }

  async run<R>(plan: Plan, attempt: (attempt: Attempt) => Promise<R>): Promise<R> {
    for (;;) {
      try {
        return await attempt({ call: (method, request) => this.#copy(method, request) });
      } catch (error) {
        if (!(error instanceof RpcFailure)) throw error;
        const verdict = verdictOn(error);
        if (verdict === 'token' || verdict === 'not-done') throw error;
        if (verdict !== 'elsewhere') throw finalError(verdict, error, plan.operation);
      }
    }
  }

  async arrive(): Promise<void> {
    for (const copy of this.late.splice(0)) await copy().catch(expectRefusal);
  }

  async #copy<Q, A>(method: Method<Q, A>, request: Q): Promise<A> {
    const fate = this.fates.shift() ?? 'answered';
    const { signal } = new AbortController();
    const send = () => this.#endpoint.call(method, request, { timeoutMs: 5000, signal });
    if (fate === 'answered') return send();
    if (fate === 'late') this.late.push(send);
    if (fate === 'answer lost') await send();
    throw new RpcFailure(status.DEADLINE_EXCEEDED, fate, true);
  }
}

function expectRefusal(error: unknown): void {
  expect(error).to.be.instanceOf(RpcFailure);
}

describe('transactions over etcd', function () {
  let etcd: EtcdCluster | undefined;
  let endpoint: Endpoint;
  let store: EtcdStore;
  before(async function () {
    if (!hasEtcd) this.skip();
    etcd = await EtcdCluster.start();
    const address = etcd.endpoints[0] ?? '';
    endpoint = new Endpoint(address, undefined, systemAmbient.clock);
    store = EtcdStore.open({ endpoints: [address], prefix: 'p/', ambient: systemAmbient });
  });
  after(async () => {
    endpoint.close();
    await store.close();
    await etcd?.stop();
  });

  const rig = () => {
    const caller = new LossyCaller(endpoint);
    const layout = new Layout('p/');
    const { random } = systemAmbient;
    const lease = (ttlMs: number) => store.lease(ttlMs);
    const guards = new Guards({ layout, random, lease });
    const transactions = new Transactions({
      caller,
      layout,
      guards,
      random,
      hasQuorum: () => true,
      isLost: () => false,
    });
    return { caller, transactions };
  };
  /** How often it was put, as far as that can be told: never, once, or more than once. */
  const timesPut = async (path: string): Promise<number> => {
    const entry = await store.get(key(path));
    if (entry === null) return 0;
    return entry.createRevision === entry.modRevision ? 1 : 2;
  };

  it('happen once when they are said to have happened, else never, whatever is lost or late', async function () {
    let count = 0;
    const { caller, transactions } = rig();
    const happens = fc.asyncProperty(fates, fc.boolean(), async (some, isBlocked) => {
      const path = `once/${count++}`;
      if (isBlocked) await store.transact([], [put(key('block'), { n: 0 })]);
      caller.fates = [...some];
      const compares = [unchanged(key('block'), null)];
      const outcome = await transactions.transact(compares, [put(key(path), { n: 1 })]);
      expect(outcome.committed).to.equal(!isBlocked);
      // What did not hold when it was answered holds by the time that late copies arrive.
      await store.transact([], [remove(key('block'))]);
      await caller.arrive();
      expect(await timesPut(path)).to.equal(isBlocked ? 0 : 1);
      if (outcome.committed)
        expect((await store.get(key(path)))?.modRevision).to.equal(outcome.revision);
    });
    await fc.assert(happens, { numRuns: 80 });
  });

  it('under a lease that ends between two copies are known all the same', async function () {
    let count = 0;
    const first = fc.constantFrom<Fate>('lost', 'late', 'answer lost');
    const isKnown = fc.asyncProperty(first, fates, async (fate, rest) => {
      const path = `leased/${count++}`;
      const lease = await store.lease(5000);
      const { caller, transactions } = rig();
      caller.fates = [fate, ...rest];
      const operations = [put(key(path), { n: 1 }, lease), put(key(`${path}/kept`), { n: 1 })];
      const work = transactions.transact([], operations);
      await lease.revoke();
      const outcome = await work.catch((error: unknown) => error);
      await caller.arrive();
      const happened = await timesPut(`${path}/kept`);
      if (outcome instanceof FarshoreError) {
        expect(outcome.code).to.equal('store.lease-lost');
        expect(happened).to.equal(0);
      } else {
        expect((outcome as Outcome).committed).to.equal(true);
        expect(happened).to.equal(1);
      }
    });
    await fc.assert(isKnown, { numRuns: 40 });
  });
});
