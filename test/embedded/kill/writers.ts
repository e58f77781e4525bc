import { createHash, randomUUID } from 'node:crypto';
import { systemClock } from '../../../kernel/clock.ts';
import type { Caller } from './caller.ts';
import { absent, type Ledger } from './ledger.ts';

/** Writes to one service, time and again, until the region is gone (throws Lost). */
export type Writer = (caller: Caller, ledger: Ledger, round: string) => Promise<never>;

export const container = 'kept';

/** Of a length and content that follow from the name. */
export function dataOf(name: string): Buffer {
  const seed = createHash('sha256').update(name).digest();
  return Buffer.alloc(seed.readUInt32BE() % 200_000, seed);
}

export function hashOf(algorithm: 'md5' | 'sha512', data: Buffer): string {
  return createHash(algorithm).update(data).digest('hex');
}

export const objects: Writer = async (caller, ledger, round) => {
  const path = (name: string): string => `/v1/AUTH_${caller.projectId}/${container}/${name}`;
  const put = (name: string, data: Buffer): Promise<void> =>
    ledger.attempt(`object ${name}`, [hashOf('md5', data)], async () => {
      await caller.call(['PUT', path(name)], [201], data);
    });
  for (let n = 0; ; n += 1) {
    const name = `${round}-${n}`;
    await put(name, dataOf(name));
    // Of another writer's it would not know what they are meanwhile.
    const [old = name] = ledger.things('object').filter((each) => each[0] === round[0]);
    if (n % 3 === 1) await put(old, dataOf(`${name} again`));
    if (n % 3 === 2)
      await ledger.attempt(`object ${old}`, [absent], async () => {
        await caller.call(['DELETE', path(old)], [204]);
      });
  }
};

export const images: Writer = async (caller, ledger) => {
  for (let n = 0; ; n += 1) {
    const id = randomUUID();
    const formats = { disk_format: 'raw', container_format: 'bare' };
    await ledger.attempt(`image ${id}`, ['queued'], async () => {
      await caller.call(['POST', '/image/v2/images'], [201], { id, name: id, ...formats });
    });
    const data = Buffer.concat([dataOf(id), Buffer.from(id)]);
    // An upload that was killed stays `saving`, with no bytes, as Glance leaves it.
    const active = `active ${hashOf('sha512', data)}`;
    await ledger.attempt(`image ${id}`, [active, 'saving'], async () => {
      await caller.call(['PUT', `/image/v2/images/${id}/file`], [204], data);
    });
    const [old = id] = ledger.things('image');
    if (n % 3 === 2)
      await ledger.attempt(`image ${old}`, [absent], async () => {
        await caller.call(['DELETE', `/image/v2/images/${old}`], [204]);
      });
  }
};

export const projects: Writer = async (caller, ledger, round) => {
  for (let n = 0; ; n += 1) {
    const name = `${round}-${n}`;
    let id = '';
    await ledger.attempt(`project ${name}`, ['there'], async () => {
      const { body } = await caller.call(['POST', '/v3/projects'], [201], { project: { name } });
      ({ id } = (JSON.parse(body.toString()) as { project: { id: string } }).project);
    });
    if (n % 2 === 1)
      await ledger.attempt(`project ${name}`, [absent], async () => {
        await caller.call(['DELETE', `/v3/projects/${id}`], [204]);
      });
    const token = await newToken(caller);
    await ledger.attempt(`token ${token}`, ['valid'], () => Promise.resolve());
    if (n % 2 === 0)
      await ledger.attempt(`token ${token}`, [absent], async () => {
        await caller.call(['DELETE', '/v3/auth/tokens'], [204], undefined, {
          'x-subject-token': token,
        });
      });
  }
};

async function newToken(caller: Caller): Promise<string> {
  const identity = { methods: ['token'], token: { id: caller.token } };
  const scope = { project: { id: caller.projectId } };
  const { headers } = await caller.call(['POST', '/v3/auth/tokens'], [201], {
    auth: { identity, scope },
  });
  return headers.get('x-subject-token') ?? '';
}

/** Copies the volume `source`; each volume and each backup is deleted again in the end. */
export function volumes(source: string): Writer {
  return async (caller, ledger, round) => {
    for (let n = 0; ; n += 1) {
      const name = `${round}-${n}`;
      await made(caller, ledger, 'volume', name, { size: 1 });
      await made(caller, ledger, 'backup', name, { volume_id: source });
      for (const kind of ['volume', 'backup'] as const) {
        const [old = name, ...others] = ledger.things(kind);
        if (others.length > 2) await deleted(caller, ledger, kind, old);
      }
    }
  };
}

type Kind = 'volume' | 'backup';

interface Row {
  readonly id: string;
  readonly name: string;
  readonly status: string;
}

export async function rows(caller: Caller, kind: Kind): Promise<readonly Row[]> {
  const path = `/volume/v3/${caller.projectId}/${kind}s/detail`;
  return (await caller.json<Record<string, Row[]>>(path))[`${kind}s`] ?? [];
}

/** Acknowledged when it is available, for before that Cinder has only promised it. */
export async function made(
  caller: Caller,
  ledger: Ledger,
  kind: Kind,
  name: string,
  wish: object,
): Promise<void> {
  await ledger.attempt(`${kind} ${name}`, ['available', 'error'], async () => {
    const path = `/volume/v3/${caller.projectId}/${kind}s`;
    await caller.call(['POST', path], [202], { [kind]: { name, ...wish } });
    await until(async () => {
      const status = (await found(caller, kind, name))?.status;
      if (status === 'error') throw new Error(`${kind} ${name} ended as error`);
      return status === 'available';
    });
  });
}

async function deleted(caller: Caller, ledger: Ledger, kind: Kind, name: string): Promise<void> {
  const id = (await found(caller, kind, name))?.id ?? '';
  await ledger.attempt(`${kind} ${name}`, [absent], async () => {
    await caller.call(['DELETE', `/volume/v3/${caller.projectId}/${kind}s/${id}`], [202]);
    await until(async () => (await found(caller, kind, name)) === undefined);
  });
}

async function found(caller: Caller, kind: Kind, name: string): Promise<Row | undefined> {
  return (await rows(caller, kind)).find((row) => row.name === name);
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await systemClock.sleep(20);
}
