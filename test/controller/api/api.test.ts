import { expect } from 'chai';

import { createApp } from '../../../controller/api/app.ts';
import { listen, type ListeningServer } from '../../../controller/api/server.ts';
import { createMetrics } from '../../../controller/metrics/metrics.ts';
import type { ControllerService } from '../../../controller/service.ts';
import { silentLog } from '../../../kernel/log.ts';
import { fakeService, sampleStatus } from './fake-service.ts';

describe('the API', () => {
  let server: ListeningServer | undefined;
  const metrics = createMetrics();

  async function serve(part: Partial<ControllerService> = {}): Promise<string> {
    const app = createApp({
      service: fakeService(part),
      metrics,
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

  it('answers a policy as the document that apply takes, with its revision as the ETag', async () => {
    const answer = await fetch(`${await serve()}/v1/policies/gold`);
    expect(answer.headers.get('etag')).to.equal('"3"');
    expect(await answer.json()).to.deep.include({
      name: 'gold',
      target: 'west',
      objectives: { rpo: '15m', rto: '1h' },
    });
  });

  it('gives a problem document with a stable code for what does not exist', async () => {
    const answer = await fetch(`${await serve()}/v1/policies/none`);
    expect(answer.status).to.equal(404);
    expect(answer.headers.get('content-type')).to.match(/^application\/problem\+json/);
    expect(await answer.json()).to.deep.include({ status: 404, code: 'policy.not-found' });
  });

  it('names every fault of a document, and changes nothing', async () => {
    const url = await serve({ applyPolicy: () => Promise.reject(new Error('it came through')) });
    const answer = await fetch(`${url}/v1/policies/gold`, {
      method: 'PUT',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({
        name: 'gold',
        objectives: { rpo: 'soon', rto: '1h' },
        schedul: {},
        target: 'west',
      }),
    });
    const problem = (await answer.json()) as { code: string; detail: string };
    expect(answer.status).to.equal(422);
    expect(problem.code).to.equal('policy.invalid');
    expect(problem.detail).to.include('objectives.rpo').and.to.include('schedul');
  });

  it('takes If-Match as the revision to replace, and refuses another form of it', async () => {
    let seen: unknown;
    const url = await serve({
      deletePolicy: (_name, precondition) => {
        seen = precondition;
        return Promise.resolve();
      },
    });
    const path = `${url}/v1/policies/gold`;
    expect(
      (await fetch(path, { method: 'DELETE', headers: { 'If-Match': '"3"' } })).status,
    ).to.equal(204);
    expect(seen).to.equal(3);
    expect(
      (await fetch(path, { method: 'DELETE', headers: { 'If-Match': 'three' } })).status,
    ).to.equal(400);
  });

  it('pages lists, and refuses a marker that is not there', async () => {
    const url = await serve({
      listRegions: () => Promise.resolve(['a', 'b', 'c'].map((name) => ({ name, services: [] }))),
    });
    const first = (await (await fetch(`${url}/v1/regions?limit=2`)).json()) as {
      items: { name: string }[];
      next: string;
    };
    expect(first.items.map(({ name }) => name)).to.deep.equal(['a', 'b']);
    const second = (await (
      await fetch(`${url}/v1/regions?limit=2&marker=${first.next}`)
    ).json()) as object;
    expect(second).to.deep.equal({ items: [{ name: 'c', services: [] }], next: null });
    expect((await fetch(`${url}/v1/regions?marker=zz`)).status).to.equal(400);
    expect((await fetch(`${url}/v1/regions?limits=2`)).status).to.equal(400);
  });

  it('refuses broken JSON, unknown paths and unknown fields with problems', async () => {
    const url = await serve();
    const headers = { 'Content-Type': 'application/json' };
    const broken = await fetch(`${url}/v1/executions`, { method: 'POST', headers, body: '{' });
    expect(broken.status).to.equal(400);
    expect((await fetch(`${url}/v1/nothing`)).status).to.equal(404);
    const body = JSON.stringify({ runbook: 'drill', group: 'shop', dryrun: true });
    const unknown = await fetch(`${url}/v1/executions`, { method: 'POST', headers, body });
    expect(((await unknown.json()) as { detail: string }).detail).to.include('dryrun');
  });

  it('tells nobody the inside of an unexpected failure', async () => {
    const url = await serve({ listGroups: () => Promise.reject(new Error('secret inside')) });
    const answer = await fetch(`${url}/v1/groups`);
    expect(answer.status).to.equal(500);
    expect(await answer.text()).not.to.include('secret');
  });

  it('describes every route in /openapi.json, with references that resolve', async () => {
    const document = (await (await fetch(`${await serve()}/openapi.json`)).json()) as {
      paths: Record<string, object>;
      components: { schemas: Record<string, unknown> };
    };
    expect(Object.keys(document.paths)).to.include.members([
      '/v1/regions',
      '/v1/groups/{group}/points/{point}/verify',
      '/v1/executions/{id}/report',
    ]);
    const references = JSON.stringify(document).match(/#\/components\/schemas\/\w+/g) ?? [];
    expect(references.length).to.be.above(20);
    for (const reference of references) {
      expect(document.components.schemas).to.have.property(reference.split('/').at(-1) ?? '');
    }
  });

  it('shows the state in /metrics, and none of a group without a proven point', async () => {
    const url = await serve({
      listGroupStatus: () =>
        Promise.resolve([
          sampleStatus(),
          sampleStatus({ name: 'new', rpoSeconds: null, newestProvenDataTime: null }),
        ]),
    });
    metrics.observer.moved({
      group: 'shop',
      kind: 'volume',
      result: 'moved',
      bytes: 5,
      objects: 1,
    });
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(text).to.include('farshore_group_rpo_seconds{group="shop"} 42');
    expect(text).not.to.include('farshore_group_rpo_seconds{group="new"}');
    expect(text).to.include('farshore_group_rpo_objective_seconds{group="new"} 900');
    expect(text).to.include('farshore_replication_bytes_total{group="shop",kind="volume"} 5');
  });
});
