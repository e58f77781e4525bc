import { expect } from 'chai';
import { systemClock } from '../../../kernel/clock.ts';
import type { JsonRequest } from '../../../regions/http/service-client.ts';
import { ManualClock } from '../../controller/support/manual-clock.ts';
import { serve } from '../../support/http-server.ts';
import { rejection } from '../../support/rejection.ts';
import { rig, target } from './rig.ts';

const list: JsonRequest = {
  method: 'GET',
  path: '/things',
  operation: 'list things',
  ok: [200],
};
const create: JsonRequest = { ...list, method: 'POST', json: { name: 'é' }, ok: [202] };

describe('JSON calls', () => {
  it('send and read JSON, with the token, a query and the endpoint’s path', async () => {
    await using server = await serve(() => ({ status: 200, body: { things: ['ü'] } }));
    await using it = rig();
    const query = { name: 'a b+c&d', limit: 2 };
    const answer = await it.caller.json(target(`${server.url}/v3/p1`), { ...list, query });
    expect(answer.body).to.deep.equal({ things: ['ü'] });
    expect(server.seen[0]).to.include({ url: '/v3/p1/things?name=a%20b%2Bc%26d&limit=2' });
    expect(server.seen[0]!.headers).to.include({ 'x-auth-token': 't1', 'user-agent': 'farshore' });
    expect(it.events).to.have.lengthOf(1);
    expect(it.events[0]).to.include({
      ...{ region: 'east', service: 'object-store', method: 'GET', path: '/things' },
      ...{ status: 200, bytesIn: 17, bytesOut: 0 },
    });
  });

  it('give null for an answer without a body', async () => {
    await using server = await serve(() => ({ status: 202 }));
    await using it = rig();
    expect((await it.caller.json(target(server.url), create)).body).to.equal(null);
    expect(server.seen[0]!.body.toString()).to.equal('{"name":"é"}');
  });

  it('answer a 401 once, with a new token, even for what must not be repeated', async () => {
    await using server = await serve(({ headers }) => ({
      status: headers['x-auth-token'] === 't1' ? 401 : 202,
    }));
    await using it = rig();
    await it.caller.json(target(server.url), create);
    expect(server.seen.map(({ headers }) => headers['x-auth-token'])).to.deep.equal(['t1', 't2']);
  });

  it('give up on a second 401', async () => {
    await using server = await serve(() => ({ status: 401, body: { error: { message: 'no' } } }));
    await using it = rig();
    const error = await rejection(it.caller.json(target(server.url), list));
    expect(error).to.include({ code: 'region.unauthorized', kind: 'permanent' });
    expect(server.seen).to.have.lengthOf(2);
  });

  it('are repeated after a passing failure, as Retry-After asks', async () => {
    const statuses = [503, 429, 502, 200];
    await using server = await serve(() => {
      const status = statuses.shift()!;
      return { status, headers: status === 503 ? { 'retry-after': '3' } : {}, body: '{}' };
    });
    await using it = rig();
    await it.caller.json(target(server.url), list);
    expect(it.slept).to.deep.equal([3_000, 250, 500]);
    expect(it.events.map(({ status }) => status)).to.deep.equal([503, 429, 502, 200]);
  });

  it('are not repeated when that could do it twice', async () => {
    await using server = await serve(() => ({ status: 500 }));
    await using it = rig();
    const error = await rejection(it.caller.json(target(server.url), create));
    expect(error).to.include({ code: 'region.service-failed', kind: 'transient' });
    expect(server.seen).to.have.lengthOf(1);
  });

  it('end at their deadline, retries included', async () => {
    await using server = await serve(() => undefined);
    const clock = new ManualClock();
    await using it = rig({ clock });
    const work = rejection(it.caller.json(target(server.url), { ...list, timeoutMs: 60_000 }));
    while (server.seen.length === 0) await systemClock.sleep(5);
    await clock.advance(60);
    const error = await work;
    expect(error).to.include({ code: 'region.timeout', kind: 'transient' });
    expect(error.message).to.contain('within 60 s');
    expect(server.seen).to.have.lengthOf(1);
  });

  it('say that nobody is there, after trying again', async () => {
    const server = await serve(() => ({ status: 200 }));
    await server[Symbol.asyncDispose]();
    await using it = rig();
    const error = await rejection(it.caller.json(target(server.url), create));
    expect(error).to.include({ code: 'region.unreachable', kind: 'transient' });
    expect(error.message).to.equal(
      `object-store of region east at ${server.url} cannot be reached: ECONNREFUSED`,
    );
    expect(it.slept).to.have.lengthOf(4);
  });

  it('refuse what is not JSON, and a redirect with the token', async () => {
    await using server = await serve(({ url }) =>
      url === '/things'
        ? { status: 200, body: '<html>login</html>' }
        : { status: 302, headers: { location: '/elsewhere' } },
    );
    await using it = rig();
    const html = await rejection(it.caller.json(target(server.url), list));
    const moved = await rejection(it.caller.json(target(server.url), { ...list, path: '/moved' }));
    expect(html.code).to.equal('region.answer-malformed');
    expect(moved.code).to.equal('region.unexpected-answer');
    expect(server.seen).to.have.lengthOf(2);
  });

  for (const announced of [true, false])
    it(`are not read beyond 64 MiB, which ${announced ? 'the length says' : 'nothing said before'}`, async () => {
      const part = Buffer.alloc(1024 * 1024, ' ');
      await using server = await serve((_, response) => {
        response.writeHead(200, announced ? { 'content-length': String(100 * part.length) } : {});
        const more = () => {
          while (response.write(part));
        };
        response.on('drain', more);
        response.on('error', () => undefined);
        if (!announced) more();
        else response.write('[');
        return undefined;
      });
      await using it = rig();
      const error = await rejection(it.caller.json(target(server.url), list));
      expect(error).to.include({ code: 'region.answer-too-large', kind: 'permanent' });
      expect(server.seen).to.have.lengthOf(1);
    }).timeout(30_000);

  it('end at their deadline in the middle of an answer too', async () => {
    await using server = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
      return undefined;
    });
    await using it = rig({ timeoutMs: 200 });
    const error = await rejection(
      it.caller.json(target(server.url), { ...create, timeoutMs: 200 }),
    );
    expect(error.code).to.equal('region.timeout');
  });

  it('end with the caller’s reason when it aborts', async () => {
    await using server = await serve(() => undefined);
    await using it = rig();
    const abort = new AbortController();
    const work = it.caller.json(target(server.url), { ...list, signal: abort.signal });
    const reason = new Error('told to stop');
    setTimeout(() => abort.abort(reason), 20);
    expect(await work.catch((error: unknown) => error)).to.equal(reason);
  });

  it('keep to the limit, and hold back neither downloads nor uploads', async () => {
    let under = 0;
    let most = 0;
    await using server = await serve(async ({ url }) => {
      if (url !== '/things') return { status: 200, body: 'data' };
      most = Math.max(most, (under += 1));
      await new Promise((resolve) => setTimeout(resolve, 100));
      under -= 1;
      return { status: 200, body: '{}' };
    });
    await using it = rig({ maxCalls: 3 });
    const to = target(server.url);
    const calls = Array.from({ length: 12 }, () => it.caller.json(to, list));
    // Held open: more of the same kind wait, others do not.
    const read = { ...list, path: '/data' };
    const downloads = await Promise.all([1, 2, 3].map(() => it.caller.bulk(to, read)));
    const written = await it.caller.bulk(to, { ...read, method: 'PUT', body: 'x' });
    written.body.resume();
    await Promise.all(calls);
    expect(most).to.equal(3);
    let hasFourth = false;
    const fourth = it.caller.bulk(to, read).then((answer) => {
      hasFourth = true;
      answer.body.destroy();
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(hasFourth).to.equal(false);
    for (const { body } of downloads) body.destroy();
    await fourth;
  });
});
