import { expect } from 'chai';
import { silentLog } from '../../../../kernel/log.ts';
import { Control } from '../../../../regions/embedded/faults/control.ts';
import { Faults, healthy } from '../../../../regions/embedded/faults/faults.ts';
import type { DamageInput } from '../../../../regions/embedded/faults/schemas.ts';
import { serve } from '../../../../regions/embedded/server.ts';

interface State {
  readonly region?: string;
  readonly conditions?: object;
  readonly requestFaults?: readonly object[];
  readonly error?: string;
}

type Ask = (method: string, path: string, json?: unknown) => Promise<readonly [number, State]>;

async function withControl(work: (ask: Ask, done: string[]) => Promise<void>): Promise<void> {
  const done: string[] = [];
  const control = new Control({
    name: 'east',
    url: 'http://127.0.0.1:1',
    faults: new Faults(),
    settled: () => Promise.resolve(),
    expireTokens: () => Promise.resolve(void done.push('expire')),
    damage: ({ object, kind }: DamageInput) =>
      object === 'none'
        ? Promise.reject(new Error('no such object'))
        : Promise.resolve(void done.push(`${kind} ${object}`)),
    putInParts: ({ object, parts }) => Promise.resolve(void done.push(`${parts} ${object}`)),
  });
  const address = { host: '127.0.0.1', port: 0 };
  const listening = await serve([{ prefix: '', service: control }], address, silentLog);
  const ask: Ask = async (method, path, json) => {
    const body = json === undefined ? {} : { body: JSON.stringify(json) };
    const response = await fetch(listening.url + path, { method, ...body });
    return [response.status, (await response.json()) as State];
  };
  try {
    await work(ask, done);
  } finally {
    await listening.close();
  }
}

describe('the control endpoint of an embedded region', () => {
  it('shows and changes the conditions', () =>
    withControl(async (ask) => {
      const [, first] = await ask('GET', '/');
      expect(first).to.deep.include({ region: 'east', conditions: healthy, requestFaults: [] });
      const change = { down: 'refused', latencyMs: 5, bytesPerSecond: 1_000 };
      const [status, second] = await ask('PATCH', '/conditions', change);
      expect([status, second.conditions]).to.deep.equal([200, { ...healthy, ...change }]);
      const [, third] = await ask('POST', '/heal');
      expect(third.conditions).to.deep.equal(healthy);
    }));

  it('adds request faults and takes them away', () =>
    withControl(async (ask) => {
      const fault = { service: 'image', status: 503, times: 2 };
      await ask('POST', '/request-faults', fault);
      const [, two] = await ask('POST', '/request-faults', { path: '^/v3', cutAfterBytes: 0 });
      expect(two.requestFaults).to.deep.equal([
        fault,
        { path: '^/v3', cutAfterBytes: 0, times: null },
      ]);
      const [, none] = await ask('DELETE', '/request-faults');
      expect(none.requestFaults).to.deep.equal([]);
    }));

  it('expires tokens and damages objects', () =>
    withControl(async (ask, done) => {
      await ask('POST', '/expire-tokens');
      const damage = { account: 'a', container: 'c', object: 'o', kind: 'alter' };
      await ask('POST', '/damage', damage);
      await ask('POST', '/parts', { account: 'a', container: 'c', object: 'o', parts: 3 });
      expect(done).to.deep.equal(['expire', 'alter o', '3 o']);
      const [status, { error }] = await ask('POST', '/damage', { ...damage, object: 'none' });
      expect([status, error]).to.deep.equal([404, 'no such object']);
    }));

  it('says in one line what is wrong', () =>
    withControl(async (ask) => {
      const cases: (readonly [string, string, unknown, number, RegExp])[] = [
        ['PATCH', '/conditions', { latencyMs: -1 }, 400, /^latencyMs: /],
        ['PATCH', '/conditions', { down: 'maybe', odd: 1 }, 400, /^down: .*; .*odd/],
        ['PATCH', '/conditions', [], 400, /object/],
        ['POST', '/request-faults', { path: '(', status: 500 }, 400, /regular expression/],
        ['POST', '/request-faults', {}, 400, /needs status, cutAfterBytes or heldMs/],
        ['POST', '/request-faults', undefined, 400, /JSON/],
        ['POST', '/damage', { kind: 'alter' }, 400, /account: .*; container: /],
        ['GET', '/nope', undefined, 404, /there is no 'GET \/nope'/],
        ['GET', '/toString', undefined, 404, /there is no/],
      ];
      for (const [method, path, json, expected, words] of cases) {
        const [status, { error }] = await ask(method, path, json);
        expect(status, path).to.equal(expected);
        expect(error).to.match(words);
      }
    }));
});
