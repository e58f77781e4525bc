import { once } from 'node:events';
import { expect } from 'chai';

import { createApp } from '../../../controller/api/app.ts';
import { listen, type ListeningServer } from '../../../controller/api/server.ts';
import { createMetrics } from '../../../controller/metrics/metrics.ts';
import type { ControllerService, StoredAudit } from '../../../controller/service.ts';
import { systemClock } from '../../../kernel/clock.ts';
import { silentLog } from '../../../kernel/log.ts';
import type { ExecutionOrder, Runner } from '../../../runbooks/runner.ts';
import { executionOf } from '../support/fixtures.ts';
import { fakeService } from './fake-service.ts';

describe('the API of executions', () => {
  let server: ListeningServer | undefined;

  async function serve(part: Partial<ControllerService>): Promise<string> {
    const log = silentLog;
    const app = createApp({
      service: fakeService(part),
      metrics: createMetrics(),
      log,
      version: '1',
    });
    server = await listen(app, '127.0.0.1', 0);
    return `${server.url}/v1`;
  }

  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  const post = (url: string, body?: unknown, headers: Record<string, string> = {}) =>
    fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });

  it('hands the name of a request on, and refuses what is none', async () => {
    const orders: ExecutionOrder[] = [];
    const start = (order: ExecutionOrder) => {
      orders.push(order);
      return Promise.resolve(executionOf('shop', 'x1'));
    };
    const url = await serve({ runner: { start } as unknown as Runner });
    const order = { runbook: 'drill', group: 'shop' };
    const named = await post(`${url}/executions`, order, { 'Idempotency-Key': 'a-1' });
    expect(named.status).to.equal(201);
    expect((await post(`${url}/executions`, order)).status).to.equal(201);
    expect(orders.map(({ requestKey }) => requestKey)).to.deep.equal(['a-1', undefined]);
    for (const key of ['a b', 'x'.repeat(129)]) {
      const refused = await post(`${url}/executions`, order, { 'Idempotency-Key': key });
      expect(refused.status).to.equal(400);
    }
    expect(orders).to.have.length(2);
  });

  it('follows nothing for a client that went before the answer came', async () => {
    const found = Promise.withResolvers<ReturnType<typeof executionOf>>();
    const asked = Promise.withResolvers<undefined>();
    const followed = Promise.withResolvers<AbortSignal>();
    const watch = (_id: string, signal: AbortSignal) => {
      followed.resolve(signal);
      return [];
    };
    const getExecution = () => {
      asked.resolve(undefined);
      return found.promise;
    };
    const url = await serve({ getExecution, runner: { watch } as unknown as Runner });
    const client = new AbortController();
    const gone = fetch(`${url}/executions/x1/events`, { signal: client.signal }).catch(
      () => 'gone',
    );
    await asked.promise;
    client.abort();
    expect(await gone).to.equal('gone');
    // So that the server knows, as a rule; where it is told later, it is aborted then.
    await systemClock.sleep(100);
    found.resolve(executionOf('shop', 'x1'));
    const signal = await followed.promise;
    if (!signal.aborted) await once(signal, 'abort');
  });

  it('passes a gate with a reason, without one, and without a body', async () => {
    const given: (string | undefined)[] = [];
    const approve = (_id: string, _step: string, reason?: string) => {
      given.push(reason);
      return Promise.resolve(executionOf('shop', 'x1'));
    };
    const url = await serve({ runner: { approve } as unknown as Runner });
    const path = `${url}/executions/x1/steps/unfenced:accept/approve`;
    for (const body of [{ reason: ' dark ' }, {}, undefined])
      expect((await post(path, body)).status).to.equal(200);
    expect(given).to.deep.equal(['dark', undefined, undefined]);
    expect((await post(path, { reason: '  ' })).status).to.equal(400);
  });

  it('shows the audit in pages, newest first', async () => {
    const record = (id: string): StoredAudit => ({
      id,
      at: id,
      action: 'failover-unfenced',
      subject: 'shop',
      reason: 'r',
      details: {},
      site: 'west',
    });
    const records = ['c', 'b', 'a'].map(record);
    const url = await serve({ listAudit: () => Promise.resolve(records) });
    const first = (await (await fetch(`${url}/audit?limit=2`)).json()) as { next: string };
    expect(first).to.deep.equal({ items: records.slice(0, 2), next: 'b' });
    const rest = await fetch(`${url}/audit?limit=2&marker=${first.next}`);
    expect(await rest.json()).to.deep.equal({ items: records.slice(2), next: null });
  });
});
