import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { expect } from 'chai';

import { createApp } from '../../../controller/api/app.ts';
import { listen, type ListeningServer } from '../../../controller/api/server.ts';
import { createMetrics } from '../../../controller/metrics/metrics.ts';
import { silentLog } from '../../../kernel/log.ts';
import { fakeService } from './fake-service.ts';

type Headers = Readonly<Record<string, string>>;

const asJson = { 'content-type': 'application/json' };
const order = JSON.stringify({ runbook: 'failover', group: 'shop' });

describe('the API: who may ask', () => {
  let server: ListeningServer;
  let ordered: string[];
  const metrics = createMetrics();

  beforeEach(async () => {
    ordered = [];
    const note = (what: string) => () => {
      ordered.push(what);
      return Promise.reject(new Error(`it came through: ${what}`));
    };
    const runner = { start: note('start'), cancel: note('cancel'), approve: note('approve') };
    const service = fakeService({
      runner: runner as never,
      syncGroup: note('sync'),
      deleteGroup: note('delete'),
    });
    const app = createApp({ service, metrics, log: silentLog, version: '1.2.3' });
    server = await listen(app, '127.0.0.1', 0);
  });

  afterEach(() => server.close());

  async function ask(method: string, path: string, headers: Headers, body = '') {
    const { hostname, port } = new URL(server.url);
    const length = body === '' ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const options = { hostname, port, method, path, headers: { ...headers, ...length } };
    const sent = httpRequest(options);
    sent.end(body);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const problem = (await json(response)) as { code?: string; detail?: string };
    return { ...problem, status: response.statusCode };
  }

  const port = () => new URL(server.url).port;

  const orders: readonly (readonly [string, string, string])[] = [
    ['POST', '/v1/executions', order],
    ['POST', '/v1/executions/x/cancel', ''],
    ['POST', '/v1/executions/x/steps/s/approve', '{}'],
    ['POST', '/v1/groups/shop/sync', ''],
    ['DELETE', '/v1/groups/shop?deletePoints=true', ''],
    ['GET', '/v1/groups', ''],
    ['GET', '/metrics', ''],
    ['GET', '/openapi.json', ''],
  ];

  for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example']) {
    it(`refuses everything that was sent to ${host}`, async () => {
      for (const [method, path, body] of orders) {
        const asked = { ...asJson, host: `${host}:${port()}` };
        const { status, code, detail } = await ask(method, path, asked, body);
        expect([status, code], path).to.deep.equal([421, 'request.misdirected']);
        expect(detail).to.include(host);
      }
      expect(ordered).to.deep.equal([]);
    });
  }

  for (const [what, headers] of Object.entries<Headers>({
    'an origin of another host': { origin: 'http://evil.example' },
    'an origin of another port': { origin: 'http://127.0.0.1:1' },
    'an origin that is hidden': { origin: 'null' },
    'another site': { 'sec-fetch-site': 'cross-site' },
    'another port of this host': { 'sec-fetch-site': 'same-site' },
  })) {
    it(`refuses everything that comes from ${what}`, async () => {
      for (const [method, path, body] of orders) {
        const { status, code } = await ask(method, path, { ...asJson, ...headers }, body);
        expect([status, code], path).to.deep.equal([403, 'request.cross-site']);
      }
      expect(ordered).to.deep.equal([]);
    });
  }

  it('answers to localhost and to addresses, through a tunnel from elsewhere too', async () => {
    for (const host of [
      'localhost',
      'LOCALHOST:9999',
      '127.0.0.1',
      '127.77.1.10:1',
      '[::1]:8470',
      '10.0.0.1:8471',
    ])
      expect((await ask('GET', '/healthz', { host })).status, host).to.equal(200);
  });

  it('answers a page of its own', async () => {
    const host = `localhost:${port()}`;
    const own = { host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' };
    expect((await ask('GET', '/healthz', own)).status).to.equal(200);
    expect((await ask('GET', '/healthz', { 'sec-fetch-site': 'none' })).status).to.equal(200);
  });

  it('takes no body but JSON, as forms of other sites would send', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      const { status, code } = await ask('POST', '/v1/executions', { 'content-type': type }, order);
      expect([status, code], type).to.deep.equal([415, 'request.unsupported-media-type']);
    }
    const untyped = await ask('POST', '/v1/executions', {}, order);
    expect(untyped.code).to.equal('request.unsupported-media-type');
    expect(untyped.detail).to.include('of no type').and.to.include('application/json');
    expect(ordered).to.deep.equal([]);
    await ask('POST', '/v1/groups/shop/sync', {});
    expect(ordered).to.deep.equal(['sync']);
  });
});
