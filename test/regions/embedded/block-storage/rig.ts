import { createHash } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { systemClock } from '../../../../kernel/clock.ts';
import { silentLog } from '../../../../kernel/log.ts';
import { systemRandom } from '../../../../kernel/random.ts';
import {
  type BlockStorageService,
  openBlockStorage,
} from '../../../../regions/embedded/block-storage/block-storage.ts';
import type { BackupSettings } from '../../../../regions/embedded/block-storage/cinder.ts';
import { Faults } from '../../../../regions/embedded/faults/faults.ts';
import { innerCall } from '../../../../regions/embedded/http/inner-call.ts';
import { answer, type Service } from '../../../../regions/embedded/http/service.ts';
import type { Authority } from '../../../../regions/embedded/identity/authority.ts';
import { openImageService } from '../../../../regions/embedded/image/image-service.ts';
import { openObjectStore } from '../../../../regions/embedded/object-store/object-store.ts';

export type Fields = Readonly<Record<string, unknown>>;

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly bytes: Buffer;
  /** Of JSON; empty for anything else. */
  readonly body: Readonly<Record<string, Fields & readonly Fields[]>>;
}

export interface Options {
  readonly token?: string;
  readonly minor?: number;
  readonly raw?: Buffer | string;
  readonly headers?: Readonly<Record<string, string>>;
}

export const project = '0123456789abcdef0123456789abcdef';
const other = 'ffffffffffffffffffffffffffffffff';

/** `admin` and `demo` in one project, `stranger` in another; those in `expired` are nobody's. */
class Tokens implements Authority {
  readonly expired = new Set<string>();

  check(token: string | undefined) {
    const isKnown = token !== undefined && ['admin', 'demo', 'stranger'].includes(token);
    if (!isKnown || this.expired.has(token)) return Promise.resolve(undefined);
    const id = token === 'stranger' ? other : project;
    return Promise.resolve({
      token,
      userId: createHash('md5').update(token).digest('hex'),
      userName: token,
      project: { id, name: token === 'stranger' ? 'other' : 'demo', domainId: 'default' },
      roles: [token === 'admin' ? 'admin' : 'member'],
      expiresAtMs: Number.MAX_SAFE_INTEGER,
    });
  }
}

/** A region without its Keystone and its sockets. */
export class Rig {
  readonly faults = new Faults();
  readonly tokens = new Tokens();
  readonly directory: string;
  swift!: Service;
  glance!: Service;
  cinder!: BlockStorageService;
  readonly #settings: Partial<BackupSettings>;
  /** What faults of the services were logged. */
  readonly errors: unknown[] = [];

  constructor(directory: string, settings: Partial<BackupSettings>) {
    this.directory = directory;
    this.#settings = settings;
  }

  static async open(settings: Partial<BackupSettings> = {}): Promise<Rig> {
    const rig = new Rig(await mkdtemp(join(tmpdir(), 'cinder-')), settings);
    await rig.start();
    return rig;
  }

  async start(): Promise<void> {
    const log = {
      ...silentLog,
      error: (message: string, fields?: unknown) => void this.errors.push(message, fields),
    };
    const deps = (folder: string) => ({
      region: 'east',
      directory: join(this.directory, folder),
      ambient: { clock: systemClock, random: systemRandom, log },
      authority: this.tokens,
      faults: this.faults,
    });
    this.swift = await openObjectStore(deps('object-store'));
    this.glance = await openImageService(deps('image'));
    this.cinder = await openBlockStorage({
      ...deps('block-storage'),
      objectStore: this.swift,
      image: this.glance,
      backupSettings: this.#settings,
    });
  }

  async stop(): Promise<void> {
    await this.cinder.close();
    await this.glance.close();
    await this.swift.close();
  }

  async close(): Promise<void> {
    await this.stop();
    await rm(this.directory, { recursive: true });
  }

  /** Of Cinder, below the project's URL. */
  ask(method: string, path: string, json?: unknown, options: Options = {}): Promise<Answer> {
    const { token = 'demo', minor, headers = {}, raw } = options;
    const body = raw ?? (json === undefined ? '' : JSON.stringify(json));
    return askOf(this.cinder, {
      method,
      path: `/v3/${token === 'stranger' ? other : project}${path}`,
      token,
      headers: {
        'content-type': 'application/json',
        ...(minor === undefined ? {} : { 'openstack-api-version': `volume 3.${minor}` }),
        ...headers,
      },
      body,
    });
  }

  swiftAsk(method: string, path: string, body: Buffer | string = ''): Promise<Answer> {
    return askOf(this.swift, {
      method,
      path: `/v1/AUTH_${project}${path}`,
      token: 'admin',
      headers: {},
      body,
    });
  }

  glanceAsk(method: string, path: string, body: Buffer | string, type: string): Promise<Answer> {
    return askOf(this.glance, {
      method,
      path,
      token: 'demo',
      headers: { 'content-type': type },
      body,
    });
  }

  /** The resource once its status is none that passes by itself; 404 gives undefined. */
  async settled(path: string): Promise<Fields | undefined> {
    for (;;) {
      const { status, body } = await this.ask('GET', path, undefined, {
        token: 'admin',
        minor: 70,
      });
      if (status === 404) return undefined;
      const fields: Fields = Object.values(body)[0] ?? {};
      const name = String(fields['status']);
      if (!/ing$|^backing-up$|^restoring-backup$/.test(name) || name === 'error_restoring')
        return fields;
      await systemClock.sleep(3);
    }
  }

  async made(collection: string, key: string, wish: object, minor = 0): Promise<Fields> {
    const { status, body, bytes } = await this.ask(
      'POST',
      `/${collection}`,
      { [key]: wish },
      { minor },
    );
    if (status !== 202) throw new Error(`${status} ${bytes.toString()}`);
    return (await this.settled(`/${collection}/${String(body[key]?.['id'])}`)) ?? {};
  }

  /** As a guest would. */
  async write(volume: Fields, position: number, data: Buffer): Promise<void> {
    await using file = await open(this.cinder.volumePath(String(volume['id'])) ?? '', 'r+');
    await file.write(data, 0, data.length, position);
  }

  async read(volume: Fields, position: number, length: number): Promise<Buffer> {
    await using file = await open(this.cinder.volumePath(String(volume['id'])) ?? '', 'r');
    return (await file.read(Buffer.alloc(length), 0, length, position)).buffer;
  }

  async blocksOf(volume: Fields): Promise<number> {
    await using file = await open(this.cinder.volumePath(String(volume['id'])) ?? '', 'r');
    return (await file.stat()).blocks;
  }
}

async function askOf(service: Service, request: Parameters<typeof innerCall>[0]): Promise<Answer> {
  const call = innerCall(request, new AbortController().signal);
  const { status, headers = {}, body = '' } = await answer(service, call);
  const bytes = body instanceof Readable ? await buffer(body) : Buffer.from(body);
  const type = String(headers['content-type'] ?? '');
  const json: unknown =
    type.includes('json') && bytes.length > 0 ? JSON.parse(bytes.toString()) : {};
  return { status, headers, bytes, body: json as Answer['body'] };
}
