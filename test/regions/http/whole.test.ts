import { expect } from 'chai';
import { systemClock } from '../../../kernel/clock.ts';
import type { WholeRequest } from '../../../regions/http/service-client.ts';
import { ManualClock } from '../../controller/support/manual-clock.ts';
import { serve } from '../../support/http-server.ts';
import { rejection } from '../../support/rejection.ts';
import { rig, target } from './rig.ts';

const read: WholeRequest = {
  method: 'GET',
  path: '/c/o',
  operation: 'read object',
  ok: [200],
  mostBytes: 1000,
};
const write: WholeRequest = { ...read, method: 'PUT', operation: 'write object', ok: [201] };

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await systemClock.sleep(5);
}

/** Whatever it is rejected with. */
const whyNot = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => expect.fail('it succeeded'),
    (error: unknown) => error,
  );

describe('whole answers', () => {
  it('come with what they moved, headers as the wire has them', async () => {
    await using server = await serve(({ headers }) => ({
      status: headers['x-object-meta-a'] === undefined ? 200 : 201,
      headers: { 'X-Object-Meta-Echo': String(headers['x-object-meta-a'] ?? '') },
      body: 'x'.repeat(1000),
    }));
    await using it = rig();
    const to = target(server.url);
    const got = await it.caller.whole(to, read);
    expect(got).to.include({ status: 200, isWhole: true });
    expect(got.body.toString()).to.equal('x'.repeat(1000));
    const value = Buffer.from('é日').toString('latin1');
    const body = Buffer.from('seven b');
    const sent = await it.caller.whole(to, {
      ...{ ...write, body, contentLength: 7 },
      headers: { 'X-Object-Meta-A': value },
    });
    expect(sent.headers['x-object-meta-echo']).to.equal(value);
    expect(server.seen[1]?.body.toString()).to.equal('seven b');
    expect(server.seen[1]?.headers['content-length']).to.equal('7');
    expect(it.events.map(({ bytesIn, bytesOut }) => [bytesIn, bytesOut])).to.deep.equal([
      [1000, 0],
      [1000, 7],
    ]);
  });

  it('of more than is held are cut, and their connection is dropped', async () => {
    await using server = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '1000000' });
      response.write('x'.repeat(2000));
      return undefined;
    });
    await using it = rig();
    const got = await it.caller.whole(target(server.url), read);
    expect(got.isWhole).to.equal(false);
    await until(() => server.cutOff() === 1);
  });

  it('that break off are an error at once: who asked decides about another time', async () => {
    await using server = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('only this');
      setTimeout(() => response.destroy(), 10);
      return undefined;
    });
    await using it = rig();
    const error = await rejection(it.caller.whole(target(server.url), read));
    expect(error).to.include({ code: 'region.connection-lost', kind: 'transient' });
    expect(server.seen).to.have.lengthOf(1);
  });

  it('are whole without a body where none may come, whatever length is announced', async () => {
    await using server = await serve(({ method }, response) => {
      response.writeHead(method === 'HEAD' ? 200 : 304, { 'content-length': '1000' });
      response.end();
      return undefined;
    });
    await using it = rig();
    const to = target(server.url);
    for (const [method, status] of [
      ['HEAD', 200],
      ['GET', 304],
    ] as const) {
      const answer = await it.caller.whole(to, { ...read, method, ok: [status] });
      expect(answer).to.include({ status, isWhole: true });
      expect(answer.body.length).to.equal(0);
    }
  });

  it('are asked for again after a refusal that passes, with their body', async () => {
    let asked = 0;
    await using server = await serve(() => ({ status: (asked += 1) < 3 ? 503 : 201 }));
    await using it = rig();
    const body = Buffer.from('data');
    expect((await it.caller.whole(target(server.url), { ...write, body })).status).to.equal(201);
    expect(server.seen.map((seen) => seen.body.toString())).to.deep.equal(['data', 'data', 'data']);
  });

  it('say what the service said', async () => {
    await using server = await serve(() => ({ status: 413, body: 'quota is full' }));
    await using it = rig();
    const error = await rejection(it.caller.whole(target(server.url), { ...write, body: 'x' }));
    expect(error).to.include({ code: 'object-store.quota-exceeded', kind: 'permanent' });
    expect(error.message).to.contain('quota is full');
  });

  it('that do not come end at their deadline', async () => {
    await using server = await serve(() => undefined);
    const clock = new ManualClock();
    await using it = rig({ clock });
    const failure = rejection(it.caller.whole(target(server.url), { ...read, timeoutMs: 200 }));
    await until(() => server.seen.length === 1);
    await clock.advance(0.2);
    expect((await failure).code).to.equal('region.timeout');
    await until(() => server.cutOff() === 1);
  });

  it('that are short end at their deadline, whatever moves', async () => {
    // A byte each 40 ms, for ever.
    await using server = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '1000000' });
      const timer = setInterval(() => response.write('x'), 40);
      response.on('close', () => clearInterval(timer));
      return undefined;
    });
    await using it = rig({ timeoutMs: 3000 });
    const short = { ...read, timeoutMs: 3000, isShort: true };
    const error = await rejection(it.caller.whole(target(server.url), short));
    expect(error.code).to.equal('region.timeout');
  });

  it('end when the caller wants them no longer, before a connection is there or after', async () => {
    await using server = await serve(() => undefined);
    await using it = rig();
    const abort = new AbortController();
    const reason = new Error('superseded');
    const work = it.caller.whole(target(server.url), { ...read, signal: abort.signal });
    await until(() => server.seen.length === 1);
    abort.abort(reason);
    expect(await whyNot(work)).to.equal(reason);
    await until(() => server.cutOff() === 1);

    const soon = new AbortController();
    const early = it.caller.whole(target(server.url), { ...read, signal: soon.signal });
    queueMicrotask(() => soon.abort(reason));
    expect(await whyNot(early)).to.equal(reason);
  });
});
