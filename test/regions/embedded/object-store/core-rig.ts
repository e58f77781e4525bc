import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { silentLog } from '../../../../kernel/log.ts';
import { systemRandom } from '../../../../kernel/random.ts';
import { Faults } from '../../../../regions/embedded/faults/faults.ts';
import { innerCall } from '../../../../regions/embedded/http/inner-call.ts';
import { answer } from '../../../../regions/embedded/http/service.ts';
import type { Authority } from '../../../../regions/embedded/identity/authority.ts';
import {
  type ObjectStoreService,
  openObjectStore,
} from '../../../../regions/embedded/object-store/object-store.ts';
import type { Flavour } from '../../../../regions/embedded/object-store/request.ts';
import { ManualClock } from '../../../controller/support/manual-clock.ts';

const authority: Authority = {
  check: (token) =>
    Promise.resolve(
      token === undefined
        ? undefined
        : {
            token,
            userId: `u-${token}`,
            userName: token,
            project: { id: token, name: token },
            roles: ['member'],
            expiresAtMs: Infinity,
          },
    ),
};

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export interface Asked {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer | Readable;
  readonly token?: string;
}

/** Swift alone, asked without a socket; paths are below the account of project `shop`. */
export class CoreRig {
  readonly clock = new ManualClock();
  readonly faults = new Faults();
  readonly directory: string;
  #service: ObjectStoreService | undefined;

  readonly #flavour: Flavour;

  private constructor(directory: string, flavour: Flavour) {
    this.directory = directory;
    this.#flavour = flavour;
  }

  static async open(flavour: Flavour = 'swift'): Promise<CoreRig> {
    const rig = new CoreRig(await mkdtemp(join(tmpdir(), 'farshore-swift-')), flavour);
    await rig.restart();
    return rig;
  }

  get service(): ObjectStoreService {
    if (this.#service === undefined) throw new Error('closed');
    return this.#service;
  }

  async restart(): Promise<void> {
    await this.#service?.close();
    const deps = {
      region: 'east',
      directory: this.directory,
      ambient: { clock: this.clock, random: systemRandom, log: silentLog },
      authority,
      faults: this.faults,
    };
    this.#service = await openObjectStore(deps, this.#flavour);
  }

  async close(): Promise<void> {
    await this.service.close();
    await rm(this.directory, { recursive: true });
  }

  async ask(method: string, path: string, asked: Asked = {}): Promise<Answer> {
    const { headers = {}, body = '', token = 'shop' } = asked;
    const whole = /^\/(v1|info|swift)/.test(path) ? path : `/v1/AUTH_shop${path}`;
    const call = innerCall(
      { method, path: whole, token, headers, body },
      new AbortController().signal,
    );
    const reply = await answer(this.service, call);
    const entries = Object.entries(reply.headers ?? {});
    const text =
      reply.body instanceof Readable ? await buffer(reply.body) : Buffer.from(reply.body ?? '');
    return {
      status: reply.status,
      headers: Object.fromEntries(
        entries.map(([name, value]) => [name.toLowerCase(), String(value)]),
      ),
      text: text.toString('utf8'),
    };
  }

  async json(path: string): Promise<Record<string, unknown>[]> {
    const { text } = await this.ask('GET', path);
    return JSON.parse(text) as Record<string, unknown>[];
  }

  /** How many files hold data. */
  async blobs(): Promise<number> {
    const names = await readdir(join(this.directory, 'blobs'), { recursive: true });
    return names.filter((name) => name.includes('/')).length;
  }
}
