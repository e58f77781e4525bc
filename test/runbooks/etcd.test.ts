import { expect } from 'chai';

import { StoreCluster } from '../../controller/cluster/store-cluster.ts';
import { StoreJournal } from '../../controller/state/journal.ts';
import { StoreOrders } from '../../controller/state/orders.ts';
import { EtcdStore } from '../../controller/store/etcd/etcd-store.ts';
import { createRunner } from '../../runbooks/execution/executor.ts';
import type { Execution } from '../../runbooks/execution/types.ts';
import type { Runner } from '../../runbooks/runner.ts';
import { EtcdCluster, hasEtcd } from '../support/etcd.ts';
import { collect } from '../support/rejection.ts';
import { systemAmbient as ambient } from '../support/system-ambient.ts';
import { orderOf, stateOf } from './support/bench.ts';
import { Site } from './support/site.ts';

const never = new AbortController().signal;

async function until(
  runner: Runner,
  id: string,
  holds: (execution: Execution) => boolean,
): Promise<void> {
  for await (const execution of runner.watch(id, never)) if (holds(execution)) return;
  throw new Error(`${id} ended before`);
}

/** The same as over the store in memory, once through, over a real one. */
describe('an execution among controllers over etcd', function () {
  let etcd: EtcdCluster | undefined;
  const stops: (() => Promise<void>)[] = [];
  const site = new Site(ambient.clock);
  site.workMs = 500;
  site.verifyMs = 50;

  before(async function () {
    if (!hasEtcd) this.skip();
    etcd = await EtcdCluster.start();
  });

  after(async () => {
    for (const stop of stops) await stop();
    await etcd?.stop();
  });

  async function join(region: string) {
    const store = EtcdStore.open({
      endpoints: etcd?.endpoints ?? [],
      prefix: 'farshore/',
      ambient,
    });
    const place = { site: region, region, version: 'test' };
    const cluster = new StoreCluster({ store, ambient, place, leaseTtlMs: 10_000 });
    const { claims } = cluster;
    const parts = { store, claims, ambient };
    const journal = new StoreJournal({ ...parts, site: region });
    const orders = new StoreOrders(parts);
    const runner = createRunner({ ...parts, control: site, journal, orders, turns: cluster });
    await cluster.start();
    await runner.begin();
    const leave = async (): Promise<void> => {
      await runner.stop();
      await cluster.stop();
    };
    stops.push(() => store.close());
    return { runner, leave };
  }

  it('is ordered and approved of one, carried out by the other, and goes on when that one leaves', async () => {
    const west = await join('west');
    const east = await join('east');
    const order = orderOf('failover', { requestKey: 'k', params: { unfenced: undefined } });
    const { id } = await east.runner.start(order);
    expect((await west.runner.start(order)).id).to.equal(id);
    await until(east.runner, id, (each) => stateOf(each, 'unfenced:accept') === 'waiting');
    await east.runner.approve(id, 'unfenced:accept', 'the rack is dark');
    await until(east.runner, id, (each) => stateOf(each, 'restore:volume/v1') === 'running');
    expect(west.runner.progress(id)).to.have.property('raise-generation');
    expect(east.runner.progress(id)).to.deep.equal({});
    await west.leave();
    const ended = (await collect(east.runner.watch(id, never))).at(-1)!;
    expect(ended.result).to.equal('succeeded');
    expect(ended.steps.find((step) => step.id === 'restore:volume/v1')!.attempts).to.equal(2);
    expect([...site.creations.values()]).to.deep.equal([1, 1, 1]);
    expect(site.log.filter((line) => line === 'raise')).to.have.length(1);
    await east.leave();
  });
});
