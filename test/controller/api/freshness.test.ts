import { expect } from 'chai';

import { createApp } from '../../../controller/api/app.ts';
import { listen, type ListeningServer } from '../../../controller/api/server.ts';
import { ApiClient } from '../../../controller/cli/api-client.ts';
import { createMetrics } from '../../../controller/metrics/metrics.ts';
import type { ControllerService } from '../../../controller/service.ts';
import type { ReadOptions } from '../../../controller/store/store.ts';
import { FarshoreError } from '../../../kernel/errors.ts';
import { silentLog } from '../../../kernel/log.ts';
import { rejection } from '../../support/rejection.ts';
import { gold } from '../support/fixtures.ts';
import { fakeService, sampleFigures, sampleReadiness } from './fake-service.ts';

const cutOff = {
  ...sampleReadiness,
  ready: false,
  reasons: ['no majority of the sites answers'],
  role: 'member',
  quorum: false,
  staleSeconds: 7,
} as const;

function unavailable(): FarshoreError {
  return new FarshoreError('no majority of the sites answers', {
    code: 'store.unavailable',
    kind: 'transient',
    operation: 'write state',
    hint: 'farshore raft status shows which do',
  });
}

describe('the API of a controller among others', () => {
  let server: ListeningServer | undefined;

  async function serve(part: Partial<ControllerService> = {}): Promise<string> {
    const app = createApp({
      service: fakeService(part),
      metrics: createMetrics(),
      log: silentLog,
      version: '1.2.3',
    });
    server = await listen(app, '127.0.0.1', 0);
    return server.url;
  }

  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  it('says how old its answers are while no majority answers, problems included', async () => {
    const url = await serve({ readiness: () => cutOff });
    for (const path of ['/v1/groups', '/v1/policies/gold', '/v1/policies/none'])
      expect((await fetch(url + path)).headers.get('farshore-stale'), path).to.equal('7');
    const fresh = await fetch(`${url}/v1/policies/gold?consistency=linearizable`);
    expect(fresh.headers.get('farshore-stale')).to.equal(null);
  });

  it('marks nothing while a majority answers', async () => {
    const answer = await fetch(`${await serve()}/v1/policies/gold`);
    expect(answer.headers.get('farshore-stale')).to.equal(null);
  });

  it('hands on which reading is asked for, local unless said', async () => {
    const asked: (ReadOptions | undefined)[] = [];
    const url = await serve({
      getPolicy: (_name, read) => {
        asked.push(read);
        return Promise.resolve({ value: gold, revision: 3 });
      },
    });
    for (const query of ['', '?consistency=local', '?consistency=linearizable'])
      expect((await fetch(`${url}/v1/policies/gold${query}`)).status).to.equal(200);
    expect(asked.map((read) => read?.consistency)).to.deep.equal([
      'local',
      'local',
      'linearizable',
    ]);
    const wrong = await fetch(`${url}/v1/policies/gold?consistency=strong`);
    expect(wrong.status).to.equal(400);
  });

  it('takes it at every GET, as /openapi.json says, and at nothing else', async () => {
    const { paths } = (await (await fetch(`${await serve()}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, { parameters: { name: string }[] }>>;
    };
    for (const [path, operations] of Object.entries(paths))
      for (const [method, { parameters }] of Object.entries(operations)) {
        const names = parameters.map(({ name }) => name);
        expect(names.includes('consistency'), `${method} ${path}`).to.equal(method === 'get');
      }
    expect(JSON.stringify(paths['/v1/groups']?.['get'])).to.include('Farshore-Stale');
  });

  it('refuses a write without a majority with 503, its code, and what to do', async () => {
    const url = await serve({ deletePolicy: () => Promise.reject(unavailable()) });
    const answer = await fetch(`${url}/v1/policies/gold`, { method: 'DELETE' });
    expect(answer.status).to.equal(503);
    const problem = (await answer.json()) as { code: string; detail: string };
    expect(problem.code).to.equal('store.unavailable');
    expect(problem.detail).to.include('farshore raft status');
  });

  it('tells a load balancer whether to come, and why not', async () => {
    const ready = await fetch(`${await serve()}/readyz`);
    expect([ready.status, await ready.json()]).to.deep.equal([200, sampleReadiness]);
    await server?.close();
    const away = await fetch(`${await serve({ readiness: () => cutOff })}/readyz`);
    expect([away.status, await away.json()]).to.deep.equal([503, cutOff]);
  });

  it('shows what the controller has in /metrics, and nothing of a member that it does not run', async () => {
    const figures = {
      ...sampleFigures,
      isLeader: false,
      sites: new Map([
        ['east', false],
        ['west', true],
      ]),
    };
    const text = await (await fetch(`${await serve({ figures: () => figures })}/metrics`)).text();
    expect(text).to.include('farshore_controller_is_leader 0');
    expect(text).to.include('farshore_controller_present{site="east"} 0');
    expect(text).to.include('farshore_controller_present{site="west"} 1');
    expect(text).to.include('farshore_controller_claims{kind="session"} 1');
    expect(text).not.to.match(/^farshore_raft_/m);
  });

  it("the command line's client says once that it is old, and asks for what is not", async () => {
    const asked: unknown[] = [];
    const url = await serve({
      readiness: () => cutOff,
      listPolicies: (read) => {
        asked.push(read?.consistency);
        return read?.consistency === 'linearizable'
          ? Promise.reject(unavailable())
          : Promise.resolve([]);
      },
    });
    const ages: number[] = [];
    const onStale = (seconds: number) => ages.push(seconds);
    const local = new ApiClient(url, { onStale });
    await local.list('/policies');
    await local.list('/policies');
    expect(ages).to.deep.equal([7]);
    const strict = new ApiClient(url, { onStale, isLinearizable: true });
    expect(await rejection(strict.list('/policies'))).to.include({ code: 'store.unavailable' });
    expect(asked).to.deep.equal(['local', 'local', 'linearizable']);
    expect(ages).to.deep.equal([7]);
  });
});
