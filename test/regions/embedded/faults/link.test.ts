import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { type Clock, systemClock } from '../../../../kernel/clock.ts';
import { silentLog } from '../../../../kernel/log.ts';
import { Faults } from '../../../../regions/embedded/faults/faults.ts';
import { wholeBody } from '../../../../regions/embedded/http/call.ts';
import type { Service } from '../../../../regions/embedded/http/service.ts';
import { serve } from '../../../../regions/embedded/server.ts';
import { SkippingClock } from '../../../support/skipping-clock.ts';

/** Answers with the length of what it got; `/stream` with `bytes` of its own; `/unread` at once. */
const echo: Service = {
  async handle(call) {
    if (call.path === '/unread') return { status: 401, body: 'no' };
    if (call.path === '/broken')
      return { status: 200, body: Readable.from(failing(), { objectMode: false }) };
    if (call.path === '/odd') return { status: 200, headers: { 'x-odd': 'a\nb' } };
    if (call.path === '/stream')
      return {
        status: 200,
        headers: { 'content-length': '300000' },
        body: Readable.from([Buffer.alloc(200_000), Buffer.alloc(100_000)]),
      };
    return { status: 200, body: `got ${(await wholeBody(call, 1_000_000)).length}` };
  },
  refuse: ({ status, message, headers }) => ({ status, headers, body: `refused: ${message}` }),
  close: () => Promise.resolve(),
};

async function* failing(): AsyncGenerator<Buffer> {
  yield Buffer.from('some');
  await Promise.resolve();
  throw new Error('disk');
}

async function withEcho(
  work: (url: string, faults: Faults) => Promise<void>,
  clock: Clock = systemClock,
): Promise<void> {
  const faults = new Faults();
  const mounts = [{ prefix: '', service: echo, name: 'image' as const }];
  const listening = await serve(mounts, { host: '127.0.0.1', port: 0 }, silentLog, {
    faults,
    clock,
  });
  try {
    await work(listening.url, faults);
  } finally {
    await listening.close();
  }
}

const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => expect.fail('it succeeded'),
    (error: unknown) => error,
  );

const post = (url: string, bytes: number) =>
  fetch(url, { method: 'POST', body: Buffer.alloc(bytes) });

describe('the way to an embedded region', () => {
  it('answers, whatever of a body the service read, and goes on with the connection', () =>
    withEcho(async (url) => {
      for (let round = 0; round < 3; round++) {
        expect(await (await post(url, 100_000)).text()).to.equal('got 100000');
        const unread = await post(`${url}/unread`, 3_000_000);
        expect([unread.status, await unread.text()]).to.deep.equal([401, 'no']);
        expect((await post(url, 2_000_000)).status).to.equal(413);
      }
    }));

  it('survives a body that breaks, a header that cannot be sent and a client that goes away', () =>
    withEcho(async (url) => {
      await failure(fetch(`${url}/broken`).then((response) => response.text()));
      await failure(fetch(`${url}/odd`));
      const leaving = request(url, { method: 'POST', headers: { 'content-length': 1_000 } });
      const left = new Promise((done) => leaving.on('error', done));
      leaving.write('x', () => leaving.destroy(new Error('away')));
      await left;
      expect(await (await post(url, 1)).text()).to.equal('got 1');
    }));

  it('is late', () => {
    const clock = new SkippingClock();
    return withEcho(async (url, faults) => {
      faults.set({ latencyMs: 120 });
      await post(url, 1);
      expect(clock.monotonicMs()).to.equal(120);
    }, clock);
  });

  it('is narrow in either direction', () => {
    const clock = new SkippingClock();
    return withEcho(async (url, faults) => {
      faults.set({ bytesPerSecond: 1_000_000 });
      const up = await post(url, 300_000);
      const beforeMs = clock.monotonicMs();
      // Of the answer's few bytes too.
      expect(beforeMs).to.be.within(300, 301);
      expect(await up.text()).to.equal('got 300000');
      const startMs = clock.monotonicMs();
      const down = await fetch(`${url}/stream`).then((got) => got.bytes());
      expect(down.length).to.equal(300_000);
      expect(clock.monotonicMs() - startMs).to.be.closeTo(300, 0.001);
      // In pieces of a twentieth of a second, each waited for.
      expect(Math.max(...clock.slept)).to.be.at.most(50.001);
    }, clock);
  });

  it('takes the time that it says', () =>
    withEcho(async (url, faults) => {
      faults.set({ latencyMs: 120 });
      const startMs = performance.now();
      await post(url, 1);
      expect(performance.now() - startMs).to.be.at.least(115);
    }));

  it('hangs, and answers when that is over', () =>
    withEcho(async (url, faults) => {
      faults.set({ down: 'hanging' });
      const signal = AbortSignal.timeout(60);
      const error = await failure(fetch(url, { signal }));
      expect(error).to.have.property('name', 'TimeoutError');
      const waiting = post(url, 5);
      await systemClock.sleep(30);
      faults.heal();
      expect(await (await waiting).text()).to.equal('got 5');
    }));

  it('answers a request fault in the form of the service, so many times', () =>
    withEcho(async (url, faults) => {
      faults.add({
        service: 'image',
        method: 'POST',
        path: '^/a',
        status: 503,
        retryAfterSeconds: 7,
        times: 2,
      });
      const seen: (readonly [number, string | null])[] = [];
      for (const path of ['/b', '/a', '/a', '/a']) {
        const response = await post(url + path, 10);
        seen.push([response.status, response.headers.get('retry-after')]);
      }
      expect(seen).to.deep.equal([
        [200, null],
        [503, '7'],
        [503, '7'],
        [200, null],
      ]);
    }));

  it('cuts a body after so many bytes', () =>
    withEcho(async (url, faults) => {
      for (const [path, bytes] of [
        ['/stream', 250_001],
        ['/stream', 0],
        ['/text', 2],
      ] as const) {
        faults.add({ cutAfterBytes: bytes, times: 1 });
        const { body } = await new Promise<{ body: Readable }>((done, fail) =>
          request(url + path, (answer) => done({ body: answer }))
            .on('error', fail)
            .end(),
        );
        let got = 0;
        body.on('data', (piece: Buffer) => (got += piece.length));
        await failure(text(body));
        expect(got, path).to.equal(bytes);
      }
      faults.add({ cutAfterBytes: 300_000, times: 1 });
      expect((await (await fetch(`${url}/stream`)).bytes()).length).to.equal(300_000);
    }));
});
