import { expect } from 'chai';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { ApiClient } from '../../../controller/cli/api-client.ts';
import { collect, rejection } from '../../support/rejection.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const json =
  (status: number, body: unknown): Answer =>
  (_request, response) => {
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(body));
  };
const hangUp: Answer = (request) => request.socket.destroy();
const problem = (code: string) => json(503, { code, detail: code });

describe('the command line’s client', () => {
  const servers: Server[] = [];
  const seen: IncomingMessage[] = [];

  /** Answers /readyz with 200, and the requests that follow one after another; the last again and again. */
  async function controller(...answers: readonly Answer[]): Promise<string> {
    let next = 0;
    const server = createServer((request, response) => {
      if (request.url === '/readyz') {
        json(200, {})(request, response);
        return;
      }
      seen.push(request);
      answers[Math.min(next++, answers.length - 1)]?.(request, response);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.close();
      server.closeAllConnections();
    }
    seen.length = 0;
  });

  for (const [what, answer] of [
    ['whose connection was lost', hangUp],
    ['that could not be had now', problem('store.unavailable')],
  ] as const)
    it(`sends an order ${what} once more, under the same name`, async () => {
      const client = new ApiClient(await controller(answer, json(201, { id: 'x1' })));
      expect(await client.post('/executions', {})).to.deep.equal({ id: 'x1' });
      const keys = seen.map(({ headers }) => headers['idempotency-key']);
      expect(keys).to.have.length(2);
      expect(keys[0])
        .to.match(/^[0-9a-f]{16}$/)
        .and.to.equal(keys[1]);
    });

  it('does not go on for ever, and gives an order that stands but once', async () => {
    const down = new ApiClient(await controller(problem('store.unavailable')));
    const standing = new ApiClient(await controller(problem('execution.not-under-way')));
    const errors = await Promise.all(
      [down, standing].map((client) => rejection(client.post('/executions/x1/cancel'))),
    );
    expect(errors.map(({ code }) => code)).to.deep.equal([
      'store.unavailable',
      'execution.not-under-way',
    ]);
    expect(seen).to.have.length(3);
  });

  it('takes what is gone at the second try for deleted', async () => {
    const answers = [hangUp, json(404, { code: 'policy.not-found', detail: '-' })];
    await new ApiClient(await controller(...answers)).delete('/policies/gold');
    const never = new ApiClient(await controller(answers[1]!));
    expect((await rejection(never.delete('/policies/gold'))).code).to.equal('policy.not-found');
  });

  it('asks the first of several that is ready: not one that is gone, nor one that hangs', async () => {
    const hanging = createServer(() => undefined);
    servers.push(hanging);
    await new Promise<void>((resolve) => hanging.listen(0, '127.0.0.1', resolve));
    const { port } = hanging.address() as AddressInfo;
    const ready = await controller(json(200, { items: [], next: null }));
    const client = new ApiClient(`http://127.0.0.1:9, http://127.0.0.1:${port} ,${ready}/`);
    expect(await client.list('/groups')).to.deep.equal([]);
    expect(client.url).to.equal(ready);
  });

  it('goes on watching with another controller when one dies, and tells no state twice', async () => {
    const event = (version: number, state = 'running'): string =>
      `id: ${version}\nevent: execution\ndata: ${JSON.stringify({ version, state })}\n\n`;
    const stream =
      (text: string, isCut: boolean): Answer =>
      (request, response) => {
        response.writeHead(200, { 'Content-Type': 'text/event-stream' });
        response.write(text);
        if (!isCut) response.end();
        else setImmediate(() => request.socket.destroy());
      };
    const dying = await controller(stream(event(1) + event(2), true));
    const first = servers[0]!;
    const other = await controller(stream(event(2) + event(3, 'ended'), false));
    const client = new ApiClient(`${dying},${other}`);
    const versions: number[] = [];
    for await (const { version } of client.watch('x1')) {
      versions.push(version);
      if (version === 2) first.close();
    }
    expect(versions).to.deep.equal([1, 2, 3]);
  });

  it('waits for a controller that answered before and is started again, and says so', async () => {
    const silences: number[] = [];
    const running = json(200, { phase: 'shipping' });
    const url = await controller(running);
    const onSilence = (_url: string, seconds: number) => void silences.push(seconds);
    const client = new ApiClient(url, { onSilence });
    expect(await client.poll('/groups/shop/sessions/s1')).to.deep.equal({ phase: 'shipping' });
    const [first] = servers.splice(0);
    first!.close();
    first!.closeAllConnections();
    const asked = client.poll('/groups/shop/sessions/s1');
    while (silences.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    const again = createServer(json(200, { phase: 'done' }));
    servers.push(again);
    again.listen(Number(new URL(url).port), '127.0.0.1');
    expect(await asked).to.deep.equal({ phase: 'done' });
  });

  it('goes on where a controller that is there has no answer for a while', async () => {
    const answers = [json(200, { n: 1 }), problem('store.unavailable'), json(200, { n: 2 })];
    const client = new ApiClient(await controller(...answers));
    expect(await client.poll('/x')).to.deep.equal({ n: 1 });
    expect(await client.poll('/x')).to.deep.equal({ n: 2 });
    const never = new ApiClient(await controller(problem('store.unavailable')));
    expect((await rejection(never.poll('/x'))).code).to.equal('store.unavailable');
  });

  it('counts its patience from the last sign of life, however long it has watched', async () => {
    const event = (version: number, state: string): string =>
      `id: ${version}\nevent: execution\ndata: ${JSON.stringify({ version, state })}\n\n`;
    let cut: () => void = () => undefined;
    const quiet: Answer = (request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write(event(1, 'running'));
      cut = () => request.socket.destroy();
    };
    const url = await controller(quiet);
    const client = new ApiClient(url, { patienceMs: 5_000 });
    const versions: number[] = [];
    for await (const { version } of client.watch('x1')) {
      versions.push(version);
      if (version > 1) break;
      // By then it was opened longer ago than its patience lasts.
      setTimeout(() => {
        const [first] = servers.splice(0);
        first!.close();
        cut();
        const again = createServer((_request, response) => {
          response.writeHead(200, { 'Content-Type': 'text/event-stream' });
          response.end(event(2, 'ended'));
        });
        servers.push(again);
        // Not before the client found that nobody is there.
        setTimeout(() => again.listen(Number(new URL(url).port), '127.0.0.1'), 1_500);
      }, 6_000);
    }
    expect(versions).to.deep.equal([1, 2]);
  });

  it('waits no longer for a reading than is said, of one that takes connections and never answers', async () => {
    const client = new ApiClient(await controller(() => undefined), { readLimitMs: 200 });
    const error = await rejection(client.get('/groups'));
    expect(error.code).to.equal('api.unreachable');
    expect(error.message).to.include('none in 0.2 s');
  });

  it('opens the events anew when nothing comes for long, and takes a comment for a sign of life', async () => {
    const event = (version: number, state = 'running'): string =>
      `id: ${version}\nevent: execution\ndata: ${JSON.stringify({ version, state })}\n\n`;
    let comments = 0;
    const silent: Answer = (request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write(event(1));
      const timer = setInterval(() => {
        if ((comments += 1) <= 12) response.write(':\n\n');
      }, 300);
      request.on('close', () => clearInterval(timer));
    };
    const ending: Answer = (_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.end(event(2, 'ended'));
    };
    const client = new ApiClient(await controller(silent, ending), { readLimitMs: 3_000 });
    const versions: number[] = [];
    for await (const { version } of client.watch('x1')) versions.push(version);
    expect(versions).to.deep.equal([1, 2]);
    expect(comments).to.be.greaterThan(12);
  });

  it('says that nobody is there at once when nobody else is known', async () => {
    const error = await rejection(collect(new ApiClient('http://127.0.0.1:9').watch('x1')));
    expect(error.code).to.equal('api.unreachable');
  });
});
