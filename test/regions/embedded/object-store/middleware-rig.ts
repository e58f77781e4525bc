import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../../kernel/clock.ts';
import { silentLog } from '../../../../kernel/log.ts';
import { systemRandom } from '../../../../kernel/random.ts';
import { Faults } from '../../../../regions/embedded/faults/faults.ts';
import type { Authority, Requester } from '../../../../regions/embedded/identity/authority.ts';
import { openObjectStore } from '../../../../regions/embedded/object-store/object-store.ts';
import { serve } from '../../../../regions/embedded/server.ts';

export const nowMs = Date.parse('2026-11-21T12:00:00Z');

/** Tokens are names: whose they are is read from here. */
const people: Readonly<Record<string, Requester>> = {
  owner: person('owner', 'shop', ['member']),
  reader: person('reader', 'shop', ['reader']),
  auditor: person('auditor', 'shop', ['Auditor']),
  other: person('other', 'mill', ['admin']),
  reseller: person('reseller', 'mill', ['ResellerAdmin']),
};

function person(name: string, project: string, roles: readonly string[]): Requester {
  return {
    token: name,
    userId: `u-${name}`,
    userName: name,
    project: { id: `p-${project}`, name: project },
    roles,
    expiresAtMs: Infinity,
  };
}

const authority: Authority = { check: (token) => Promise.resolve(people[token ?? '']) };

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export interface Asked {
  /** Null: nobody's. */
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** Swift alone, over HTTP, at a time that stands still. */
export class SwiftRig {
  readonly #url: string;
  readonly #close: () => Promise<void>;

  private constructor(url: string, close: () => Promise<void>) {
    this.#url = url;
    this.#close = close;
  }

  static async open(): Promise<SwiftRig> {
    const directory = await mkdtemp(join(tmpdir(), 'farshore-swift-'));
    const clock = { ...systemClock, now: () => nowMs };
    const service = await openObjectStore({
      region: 'east',
      directory,
      ambient: { clock, random: systemRandom, log: silentLog },
      authority,
      faults: new Faults(),
    });
    const listening = await serve(
      [{ prefix: '', service, name: 'object-store' }],
      { host: '127.0.0.1', port: 0 },
      silentLog,
    );
    return new SwiftRig(listening.url, async () => {
      await listening.close();
      await service.close();
      await rm(directory, { recursive: true });
    });
  }

  close(): Promise<void> {
    return this.#close();
  }

  /** Below the owner's account, or from `/v1` on. */
  async ask(method: string, path: string, asked: Asked = {}): Promise<Answer> {
    const { token = 'owner', headers = {}, body } = asked;
    const below = path.startsWith('/v1') ? path : `/v1/AUTH_p-shop${path}`;
    const answer = await fetch(this.#url + below, {
      method,
      headers: { ...(token === null ? {} : { 'x-auth-token': token }), ...headers },
      ...(body === undefined ? {} : { body }),
    });
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  }

  /** A container, and objects in it. */
  async fill(container: string, objects: Readonly<Record<string, string>>): Promise<void> {
    await this.ask('PUT', `/${container}`);
    for (const [name, body] of Object.entries(objects))
      await this.ask('PUT', `/${container}/${name}`, { body });
  }
}
