import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../../kernel/clock.ts';
import { silentLog } from '../../../../kernel/log.ts';
import { systemRandom } from '../../../../kernel/random.ts';
import { Faults } from '../../../../regions/embedded/faults/faults.ts';
import type { Authority } from '../../../../regions/embedded/identity/authority.ts';
import { openImageService } from '../../../../regions/embedded/image/image-service.ts';
import { type Listening, serve } from '../../../../regions/embedded/server.ts';
import type { Service } from '../../../../regions/embedded/http/service.ts';
import { HttpServiceClient } from '../../../../regions/http/http-service-client.ts';
import { createImageService } from '../../../../regions/image/client.ts';
import type { ImageService } from '../../../../regions/image/types.ts';
import { rig, type Rig } from '../../http/rig.ts';

/** Tokens are projects' names; the administrator's own project is `boss`. */
const authority: Authority = {
  check: (token) =>
    Promise.resolve(
      token !== undefined && ['boss', 'one', 'two'].includes(token)
        ? {
            token,
            userId: `u-${token}`,
            userName: token,
            project: { id: token, name: token },
            roles: token === 'boss' ? ['admin'] : ['member'],
            expiresAtMs: Number.MAX_SAFE_INTEGER,
          }
        : undefined,
    ),
};

export interface Asked {
  readonly as?: 'boss' | 'one' | 'two' | 'nobody';
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON. */
  readonly body?: string | object;
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Record<string, unknown>;
}

/** A Glance at `<url>/image`, on a directory that outlives `restart`. */
export class EmbeddedGlance implements AsyncDisposable {
  readonly faults = new Faults();
  readonly #directory: string;
  readonly #http: Rig = rig();
  #service!: Service;
  #server!: Listening;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async open(): Promise<EmbeddedGlance> {
    const glance = new EmbeddedGlance(await mkdtemp(join(tmpdir(), 'glance-')));
    await glance.#start();
    return glance;
  }

  /** What a new process would find if this one were killed now. */
  async killed(): Promise<EmbeddedGlance> {
    const directory = await mkdtemp(join(tmpdir(), 'glance-'));
    await cp(this.#directory, directory, { recursive: true });
    const glance = new EmbeddedGlance(directory);
    await glance.#start();
    return glance;
  }

  get url(): string {
    return `${this.#server.url}/image`;
  }

  get directory(): string {
    return this.#directory;
  }

  client(project: 'boss' | 'one' | 'two' = 'one'): ImageService {
    const session = {
      projectId: project,
      token: () => Promise.resolve(project),
      refuse: () => undefined,
      endpoint: () => Promise.resolve(this.url),
    };
    return createImageService(new HttpServiceClient('east', 'image', session, this.#http.caller));
  }

  /** `GET /v2/images` and the like. */
  async ask(request: string, { as = 'one', headers = {}, body }: Asked = {}): Promise<Answered> {
    const [method = '', path = ''] = request.split(' ');
    const response = await fetch(this.url + path, {
      method,
      redirect: 'manual',
      headers: { ...(as === 'nobody' ? {} : { 'x-auth-token': as }), ...headers },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type') === 'application/json';
    const json = isJson ? (JSON.parse(text) as Record<string, unknown>) : {};
    return { status: response.status, headers: response.headers, text, json };
  }

  async create(image: object = {}, as: 'boss' | 'one' | 'two' = 'one'): Promise<string> {
    const { json } = await this.ask('POST /v2/images', { as, body: { ...bare, ...image } });
    return json.id as string;
  }

  patch(id: string, operations: unknown, as: 'boss' | 'one' | 'two' = 'one'): Promise<Answered> {
    const headers = { 'content-type': 'application/openstack-images-v2.1-json-patch' };
    return this.ask(`PATCH /v2/images/${id}`, { as, headers, body: operations as object });
  }

  put(id: string, body: string, below = 'file'): Promise<Answered> {
    return this.ask(`PUT /v2/images/${id}/${below}`, { headers: octets, body });
  }

  async restart(): Promise<void> {
    await this.#stop();
    await this.#start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
    await this.#http[Symbol.asyncDispose]();
    await rm(this.#directory, { recursive: true });
  }

  async #start(): Promise<void> {
    this.#service = await openImageService({
      region: 'east',
      directory: this.#directory,
      ambient: { clock: systemClock, random: systemRandom, log: silentLog },
      authority,
      faults: this.faults,
    });
    const mounts = [{ prefix: '/image', service: this.#service }];
    this.#server = await serve(mounts, { host: '127.0.0.1', port: 0 }, silentLog);
  }

  async #stop(): Promise<void> {
    await this.#server.close();
    await this.#service.close();
  }
}

export const bare = { name: 'disk', disk_format: 'raw', container_format: 'bare' };

export const octets = { 'content-type': 'application/octet-stream' };

/** The sentences of a page, without its tags. */
export function saidIn({ text }: Answered): string {
  return text
    .replace(/<[^>]*>/g, ' ')
    .replaceAll('&#x27;', "'")
    .replace(/\s+/g, ' ')
    .trim();
}
