import { expect } from 'chai';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { isoTime, systemClock } from '../../../kernel/clock.ts';
import { Process } from '../../../controller/demo/processes.ts';
import type { Readiness } from '../../../controller/model/controller-status.ts';
import { EtcdStore } from '../../../controller/store/etcd/etcd-store.ts';
import { openFormat } from '../../../controller/store/format.ts';
import { addGroup } from '../../controller/support/fixtures.ts';
import { EtcdCluster, hasEtcd } from '../../support/etcd.ts';
import { systemAmbient as ambient } from '../../support/system-ambient.ts';
import { patienceMs } from '../scenario/scene.ts';

/** `farshore serve` at a site that is started while the two others are gone. */
describe('a controller that starts without a majority', function () {
  let cluster: EtcdCluster;
  let directory: string;
  let controller: Process;

  before(async function () {
    if (!hasEtcd) this.skip();
    cluster = await EtcdCluster.start(3);
    directory = await mkdtemp(join(tmpdir(), 'farshore-lone-'));
  });

  after(async () => {
    if (!hasEtcd) return;
    await controller.stop(systemClock);
    await cluster.stop();
    await rm(directory, { recursive: true });
  });

  const until = async (holds: () => Promise<boolean>) => {
    const start = performance.now();
    while (!(await holds())) {
      if (performance.now() - start > patienceMs)
        throw new Error(`not within ${patienceMs} ms: ${await log()}`);
      await systemClock.sleep(100);
    }
    return Math.round(performance.now() - start);
  };
  const log = () => readFile(join(directory, 'log'), 'utf8');

  it('shows what there was, says that it is old, takes no writes, and is ready once there is one', async () => {
    const endpoints = cluster.endpoints;
    const store = EtcdStore.open({ endpoints, prefix: '/farshore/', ambient });
    await openFormat(
      store,
      { version: 'of the test', home: directory },
      isoTime(ambient.clock.now()),
    );
    for (const name of ['shop', 'office']) await addGroup(store, name);
    await store.close();
    const others = cluster.members.slice(1);
    for (const member of others) await member.stop('SIGKILL');

    const etcd = { endpoints: endpoints.map((endpoint) => `http://${endpoint}`) };
    const config = {
      dataDir: directory,
      api: { listen: '127.0.0.1:0' },
      raft: { site: 'witness', etcd },
    };
    await writeFile(join(directory, 'farshore.yaml'), stringify(config));
    controller = new Process({
      name: 'controller',
      args: ['--config', 'farshore.yaml', 'serve'],
      flags: [],
      env: process.env,
      cwd: directory,
      logFile: join(directory, 'log'),
    });
    const url = await controller.address();
    const groups = () => fetch(`${url}/v1/groups`);
    const shownMs = await until(
      async () => ((await (await groups()).json()) as { items: unknown[] }).items.length === 2,
    );
    console.log(`a lone site shows the groups ${shownMs} ms after it listens`);
    // Longer than any deadline of the store's.
    await systemClock.sleep(12_000);
    const answer = await groups();
    expect(answer.status).to.equal(200);
    expect(Number(answer.headers.get('farshore-stale'))).to.be.within(12, 40);
    const ready = await fetch(`${url}/readyz`);
    expect(ready.status).to.equal(503);
    expect(await ready.json()).to.deep.include({ ready: false, quorum: false, site: 'witness' });
    const strict = await fetch(`${url}/v1/groups?consistency=linearizable`);
    expect(strict.status).to.equal(503);
    const written = await fetch(`${url}/v1/policies/gold`, { method: 'DELETE' });
    expect(written.status).to.equal(503);
    const problem = (await written.json()) as { code: string; detail: string };
    expect(problem.code).to.equal('store.unavailable');
    expect(problem.detail).to.include('farshore raft status');

    for (const member of others) member.start();
    const readyMs = await until(async () => (await fetch(`${url}/readyz`)).ok);
    console.log(`ready ${readyMs} ms after the others were started`);
    const readiness = async () => (await (await fetch(`${url}/readyz`)).json()) as Readiness;
    expect(await readiness()).to.deep.include({ reasons: [], quorum: true, staleSeconds: 0 });
    await until(async () => (await readiness()).role === 'leader');
    expect((await groups()).headers.get('farshore-stale')).to.equal(null);
  });
});
