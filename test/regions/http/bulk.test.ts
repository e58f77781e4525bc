import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import { systemClock } from '../../../kernel/clock.ts';
import type { FarshoreError } from '../../../kernel/errors.ts';
import type { BulkRequest } from '../../../regions/http/service-client.ts';
import { ManualClock } from '../../controller/support/manual-clock.ts';
import { serve } from '../../support/http-server.ts';
import { rejection } from '../../support/rejection.ts';
import { rig, target } from './rig.ts';

const read: BulkRequest = { method: 'GET', path: '/c/o', operation: 'read object', ok: [200] };
const write: BulkRequest = { ...read, method: 'PUT', operation: 'write object', ok: [201] };

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await systemClock.sleep(5);
}

/** What says what it likes, whenever it likes. */
async function listen(serve: (socket: Socket) => void): Promise<AsyncDisposable & { url: string }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** Gives that, and no end. */
function silentAfter(piece?: Buffer): Readable {
  const body = new Readable({ read: () => undefined });
  if (piece !== undefined) body.push(piece);
  return body;
}

describe('bulk transfers', () => {
  it('stream both ways and tell what they moved', async () => {
    const data = Buffer.alloc(300_000, 'ab');
    await using server = await serve(({ method }) =>
      method === 'PUT' ? { status: 201 } : { status: 200, body: data },
    );
    await using it = rig();
    const to = target(server.url);
    const chunks = [data.subarray(0, 100_000), data.subarray(100_000)];
    const sent = await it.caller.bulk(to, {
      ...write,
      body: Readable.from(chunks),
      contentLength: data.length,
    });
    expect(await buffer(sent.body)).to.have.lengthOf(0);
    expect(server.seen[0]!.body.equals(data)).to.equal(true);
    expect(server.seen[0]!.headers).to.include({ 'content-length': '300000' });
    const got = await it.caller.bulk(to, read);
    expect((await buffer(got.body)).equals(data)).to.equal(true);
    expect(it.events.map(({ bytesIn, bytesOut }) => [bytesIn, bytesOut])).to.deep.equal([
      [0, 300_000],
      [300_000, 0],
    ]);
  });

  it('pass every byte of a header, and a path that no URL library would keep', async () => {
    const bytes = Buffer.from(Array.from({ length: 0x80 }, (_, i) => 0x80 + i));
    const value = `é日 ${bytes.toString('latin1')}`.replace(
      'é日',
      Buffer.from('é日').toString('latin1'),
    );
    await using server = await serve(({ headers }) => ({
      status: 200,
      headers: { 'x-object-meta-echo': headers['x-object-meta-a'] as string },
    }));
    await using it = rig();
    const path = '/c/a/../%2E%2E/./b%3F';
    const headers = { 'X-Object-Meta-A': value };
    const answer = await it.caller.bulk(target(`${server.url}/v1/A`), { ...read, path, headers });
    answer.body.resume();
    expect(server.seen[0]!.url).to.equal(`/v1/A${path}`);
    expect(server.seen[0]!.headers['x-object-meta-a']).to.equal(value);
    expect(answer.headers['x-object-meta-echo']).to.equal(value);
  });

  it('fail when the body ends before its length', async () => {
    await using server = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('only this');
      setTimeout(() => response.destroy(), 10);
      return undefined;
    });
    await using it = rig();
    const answer = await it.caller.bulk(target(server.url), read);
    const error = await rejection(buffer(answer.body));
    expect(error).to.include({ code: 'region.connection-lost', kind: 'transient' });
    expect(it.events[0]).to.include({ status: 200, bytesIn: 9 });
  });

  it('fail when nothing moves for as long as allowed, and drop the connection', async () => {
    await using server = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('only this');
      return undefined;
    });
    const clock = new ManualClock();
    await using it = rig({ clock });
    const { body } = await it.caller.bulk(target(server.url), { ...read, timeoutMs: 200 });
    const pieces = body[Symbol.asyncIterator]();
    expect(String((await pieces.next()).value)).to.equal('only this');
    const next = rejection(pieces.next());
    await clock.advance(0.2);
    expect(await next).to.include({ code: 'region.timeout' });
    await until(() => server.cutOff() === 1);
  });

  /** A byte each 40 ms, for ever. */
  const trickle = () =>
    serve((_, response) => {
      response.writeHead(200, { 'content-length': '1000000' });
      const timer = setInterval(() => response.write('x'), 40);
      response.on('close', () => clearInterval(timer));
      return undefined;
    });

  it('end when so little moves that they would take for ever', async () => {
    await using server = await trickle();
    await using it = rig({ timeoutMs: 3000, leastBytesPerSecond: 100 });
    const answer = await it.caller.bulk(target(server.url), { ...read, timeoutMs: 3000 });
    const error = await rejection(buffer(answer.body));
    expect(error).to.include({ code: 'region.too-slow', kind: 'transient' });
    expect(error.message).to.contain('fewer than 100 bytes a second for 3 s');
    await until(() => server.cutOff() === 1);
  });

  it('let a slow transfer go on as long as it moves, and a reader take its time', async () => {
    const answering = Promise.withResolvers<ServerResponse>();
    await using server = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '7' });
      response.write('x');
      answering.resolve(response);
      return undefined;
    });
    const clock = new ManualClock();
    await using it = rig({ clock });
    const { body } = await it.caller.bulk(target(server.url), { ...read, timeoutMs: 200 });
    const response = await answering.promise;
    await clock.advance(0.45);
    const pieces = body[Symbol.asyncIterator]();
    expect(String((await pieces.next()).value)).to.equal('x');
    for (let left = 6; left > 0; left -= 1) {
      await clock.advance(0.15);
      response.write('x');
      expect(String((await pieces.next()).value)).to.equal('x');
    }
    expect((await pieces.next()).done).to.equal(true);
  });

  it('drop the connection when the caller aborts, with its reason', async () => {
    await using server = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('only this');
      return undefined;
    });
    await using it = rig();
    const abort = new AbortController();
    const answer = await it.caller.bulk(target(server.url), { ...read, signal: abort.signal });
    const reason = new Error('told to stop');
    setTimeout(() => abort.abort(reason), 20);
    expect(await buffer(answer.body).catch((error: unknown) => error)).to.equal(reason);
    await until(() => server.cutOff() === 1);
  });

  it('are not repeated when the answer is no HTTP', async () => {
    await using server = await serve((_, response) => {
      response.socket?.end('HTTP/1.1 200 OK\r\nX-Object-Meta-\xe9: y\r\n\r\n', 'latin1');
      return undefined;
    });
    await using it = rig();
    const error = await rejection(it.caller.bulk(target(server.url), read));
    expect(error).to.include({ code: 'object-store.unreadable-headers', kind: 'permanent' });
    expect(error.hint).to.contain('outside ASCII');
    expect(server.seen).to.have.lengthOf(1);
  });

  it('read as much metadata as Swift takes, and say by name what is more', async () => {
    await using server = await serve(({ url }, response) => {
      const headers = Array.from({ length: 8 }, (_, at) => `X-${at}: ${'a'.repeat(8_000)}\r\n`);
      const sent = url.endsWith('/small') ? headers.slice(0, 7) : [...headers, ...headers];
      response.socket?.end(`HTTP/1.1 200 OK\r\nContent-Length: 0\r\n${sent.join('')}\r\n`);
      return undefined;
    });
    await using it = rig();
    const small = await it.caller.bulk(target(server.url), { ...read, path: '/c/small' });
    small.body.resume();
    expect(small.headers['x-6']).to.have.lengthOf(8_000);
    const large = await rejection(it.caller.bulk(target(server.url), read));
    expect(large).to.include({ code: 'object-store.unreadable-headers', kind: 'permanent' });
  });

  it('repeat a body that is at hand, never a stream that was read', async () => {
    await using server = await serve(() => ({ status: 503, body: 'busy' }));
    await using it = rig();
    const to = target(server.url);
    expect(await rejection(it.caller.bulk(to, { ...write, body: 'data' }))).to.include({
      code: 'region.service-failed',
    });
    expect(server.seen.map(({ body }) => body.toString())).to.deep.equal(Array(5).fill('data'));
    const stream = Readable.from([Buffer.from('data')]);
    const error = await rejection(it.caller.bulk(to, { ...write, body: stream, contentLength: 4 }));
    expect(error).to.include({ code: 'region.service-failed', kind: 'transient' });
    expect(server.seen).to.have.lengthOf(6);
    expect(stream.destroyed).to.equal(true);
  });

  it('take a 401 under a stream as something to begin again with a new token', async () => {
    await using server = await serve(({ headers }) => ({
      status: headers['x-auth-token'] === 't1' ? 401 : 201,
    }));
    await using it = rig();
    const to = target(server.url);
    const upload = () => ({
      ...write,
      body: Readable.from([Buffer.from('data')]),
      contentLength: 4,
    });
    const error = await rejection(it.caller.bulk(to, upload()));
    expect(error).to.include({ code: 'region.unauthorized', kind: 'transient' });
    (await it.caller.bulk(to, upload())).body.resume();
    expect(server.seen.at(-1)!.headers['x-auth-token']).to.equal('t2');
  });

  it('send a stream again that nobody took', async () => {
    const server = await serve(() => ({ status: 201 }));
    await server[Symbol.asyncDispose]();
    await using it = rig();
    const body = Readable.from([Buffer.from('data')]);
    const upload = { ...write, body, contentLength: 4 };
    const error = await rejection(it.caller.bulk(target(server.url), upload));
    expect(error.code).to.equal('region.unreachable');
    expect(it.slept).to.have.lengthOf(4);
    expect(body.destroyed).to.equal(true);
  });

  it('refuse a stream of another length than announced', async () => {
    await using server = await serve(() => ({ status: 201 }));
    await using it = rig();
    for (const contentLength of [3, 5]) {
      const body = Readable.from([Buffer.from('data')]);
      const error = await rejection(
        it.caller.bulk(target(server.url), { ...write, body, contentLength }),
      );
      expect(error).to.include({ code: 'object-store.invalid-request', kind: 'permanent' });
    }
    expect(it.events.map(({ status }) => status)).to.deep.equal([undefined, undefined]);
  });

  it('do not take the blame when the source of the stream fails', async () => {
    await using server = await serve(() => ({ status: 201 }));
    await using it = rig();
    const fault = new Error('the other region is gone');
    const body = Readable.from(
      (function* () {
        yield Buffer.from('da');
        throw fault;
      })(),
    );
    const work = it.caller.bulk(target(server.url), { ...write, body, contentLength: 4 });
    expect(await work.catch((error: unknown) => error)).to.equal(fault);
  });

  it('are a failure when the answer comes before all was sent', async () => {
    await using server = await listen((socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n'));
    });
    await using it = rig();
    const source = silentAfter(Buffer.alloc(1000));
    const upload = { ...write, body: source, contentLength: 1_000_000 };
    const error = await rejection(it.caller.bulk(target(server.url), upload));
    expect(error).to.include({ code: 'region.connection-lost', kind: 'transient' });
    expect(source.destroyed).to.equal(true);
  });

  it('are not sent again, nor read twice, once their first piece was asked for', async () => {
    const sockets: Socket[] = [];
    await using server = await listen((socket) => sockets.push(socket));
    await using it = rig();
    const source = silentAfter();
    const work = it.caller.bulk(target(server.url), { ...write, body: source, contentLength: 4 });
    await until(() => sockets.length > 0 && source.listenerCount('readable') > 0);
    sockets[0]!.destroy();
    expect(await rejection(work)).to.include({ code: 'region.connection-lost', kind: 'transient' });
    expect(source.destroyed).to.equal(true);
    expect(sockets).to.have.lengthOf(1);
  });

  it('do not wait for the service while their source is silent', async () => {
    await using server = await serve(() => ({ status: 201 }));
    const clock = new ManualClock();
    await using it = rig({ clock });
    const source = silentAfter(Buffer.from('da'));
    const upload = { ...write, body: source, contentLength: 4, timeoutMs: 200 };
    const work = it.caller.bulk(target(server.url), upload);
    await until(() => source.listenerCount('readable') > 0);
    await clock.advance(1);
    source.push('ta');
    source.push(null);
    (await work).body.resume();
    expect(server.seen[0]!.body.toString()).to.equal('data');
  });

  it('that came whole stay whole, however long their reader rests', async () => {
    await using server = await serve(() => ({ status: 200, body: 'x'.repeat(100_000) }));
    const clock = new ManualClock();
    await using it = rig({ clock });
    const abort = new AbortController();
    const request = { ...read, timeoutMs: 200, signal: abort.signal };
    const { body } = await it.caller.bulk(target(server.url), request);
    const pieces = body[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    let bytes = ((await pieces.next()).value as Buffer).length;
    await until(() => body.readableLength + bytes === 100_000);
    await clock.advance(1);
    abort.abort(new Error('too late to matter'));
    for (let next = await pieces.next(); next.done !== true; next = await pieces.next())
      bytes += next.value.length;
    expect(bytes).to.equal(100_000);
  });

  it('tell their failure to whoever reads, and to nobody before', async () => {
    await using server = await listen((socket) => {
      socket.once('data', (head: Buffer) =>
        socket.end(
          String(head).startsWith('GET /c/none')
            ? 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n'
            : 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc',
        ),
      );
    });
    await using it = rig();
    const to = target(server.url);
    const none = await it.caller.bulk(to, { ...read, path: '/c/none', ok: [204] });
    expect((await buffer(none.body)).length).to.equal(0);
    const abort = new AbortController();
    const { body } = await it.caller.bulk(to, { ...read, signal: abort.signal });
    abort.abort(new Error('told to stop'));
    // Something else is waited for first.
    await until(() => body.closed);
    const error = await buffer(body).catch((failed: unknown) => failed);
    expect((error as Error).message).to.equal('told to stop');
  });

  it('hold no more than a little of a large body', async () => {
    let sent = 0;
    await using server = await serve((_, response) => {
      const chunk = Buffer.alloc(65_536);
      const more = (): void => {
        while (sent < 64 * 1024 * 1024) {
          sent += chunk.length;
          if (!response.write(chunk)) return void response.once('drain', more);
        }
        response.end();
      };
      response.writeHead(200);
      more();
      return undefined;
    });
    await using it = rig();
    const { body } = await it.caller.bulk(target(server.url), read);
    await new Promise((resolve) => setTimeout(resolve, 200));
    // What the sockets of both sides hold, and not the 64 MiB.
    expect(sent).to.be.lessThan(16 * 1024 * 1024);
    body.destroy();
  });
});

describe('TLS', () => {
  const pem = (name: string) => new URL(`pem/${name}`, import.meta.url);
  async function withTlsServer(work: (url: string, ca: string) => Promise<void>): Promise<void> {
    const [key = '', cert = '', ca = ''] = await Promise.all(
      ['server.key', 'server.pem', 'ca.pem'].map((name) => readFile(pem(name), 'utf8')),
    );
    await using server = await serve(() => ({ status: 200, body: '{}' }), { key, cert });
    await work(server.url, ca);
  }

  it('refuses a private authority that it was not given, and says what to set', () =>
    withTlsServer(async (url) => {
      await using it = rig();
      const errors: FarshoreError[] = [
        await rejection(it.caller.json(target(url), read)),
        await rejection(it.caller.bulk(target(url), read)),
      ];
      for (const error of errors) {
        expect(error).to.include({ code: 'region.tls-failed', kind: 'permanent' });
        expect(error.hint).to.contain('cacert');
      }
      expect(it.events).to.have.lengthOf(2);
    }));

  it('trusts the authority of the cloud’s entry, or any when told not to verify', () =>
    withTlsServer(async (url, ca) => {
      for (const tls of [{ verify: true, ca }, { verify: false }]) {
        await using it = rig({ tls });
        expect((await it.caller.json(target(url), read)).status).to.equal(200);
        const { body } = await it.caller.bulk(target(url), read);
        expect((await buffer(body)).toString()).to.equal('{}');
      }
    }));
});
