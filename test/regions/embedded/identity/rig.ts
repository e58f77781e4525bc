import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ambient } from '../../../../kernel/ambient.ts';
import { systemClock } from '../../../../kernel/clock.ts';
import { silentLog } from '../../../../kernel/log.ts';
import { systemRandom } from '../../../../kernel/random.ts';
import { Faults } from '../../../../regions/embedded/faults/faults.ts';
import { skewedClock } from '../../../../regions/embedded/faults/skewed-clock.ts';
import { type Identity, openIdentity } from '../../../../regions/embedded/identity/identity.ts';
import { serve } from '../../../../regions/embedded/server.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
  readonly text: string;
}

export type Ask = (
  method: string,
  path: string,
  options?: { token?: string; subject?: string; json?: unknown; raw?: string; type?: string },
) => Promise<Answer>;

export interface Setting {
  readonly identity: Identity;
  readonly faults: Faults;
  readonly url: string;
  readonly ask: Ask;
  /** A token by password; on the project of that name, or unscoped. */
  readonly login: (user: string, project?: string, password?: string) => Promise<string>;
  /** The id of what a list filtered by name holds. */
  readonly idOf: (plural: string, name: string) => Promise<string>;
  reopen(): Promise<void>;
}

export const inDefault = (name: string) => ({ name, domain: { id: 'default' } });

export function passwordAuth(user: string, password: string, scope?: unknown) {
  const identity = { methods: ['password'], password: { user: { ...inDefault(user), password } } };
  return { auth: { identity, ...(scope === undefined ? {} : { scope }) } };
}

export function credentialAuth(application_credential: object) {
  return { auth: { identity: { methods: ['application_credential'], application_credential } } };
}

export async function withIdentity(work: (setting: Setting) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'identity-'));
  const faults = new Faults();
  const clock = skewedClock(systemClock, faults);
  const ambient: Ambient = { clock, random: systemRandom, log: silentLog };
  const open = async () => {
    const identity = await openIdentity({ directory, ambient, faults });
    const mounts = [{ prefix: '', service: identity, name: 'identity' as const }];
    const listening = await serve(mounts, { host: '127.0.0.1', port: 0 }, silentLog, {
      faults,
      clock,
    });
    identity.catalogue.add('east', listening.url);
    return { identity, listening };
  };
  let now = await open();
  const close = async () => {
    await now.listening.close();
    await now.identity.close();
  };
  const ask: Ask = async (method, path, options = {}) => {
    const { token, subject, json, raw, type = 'application/json' } = options;
    const response = await fetch(now.listening.url + path, {
      method,
      headers: {
        'content-type': type,
        ...(token === undefined ? {} : { 'x-auth-token': token }),
        ...(subject === undefined ? {} : { 'x-subject-token': subject }),
      },
      ...(json === undefined && raw === undefined ? {} : { body: raw ?? JSON.stringify(json) }),
    });
    const text = await response.text();
    const body = (text.startsWith('{') ? JSON.parse(text) : {}) as Answer['body'];
    return { status: response.status, headers: response.headers, body, text };
  };
  const login = async (user: string, project?: string, password = 'secret') => {
    const scope = project === undefined ? undefined : { project: inDefault(project) };
    const json = passwordAuth(user, password, scope);
    const { headers, status } = await ask('POST', '/v3/auth/tokens', { json });
    const token = headers.get('x-subject-token');
    if (token === null) throw new Error(`no token: ${status}`);
    return token;
  };
  const setting: Setting = {
    get identity() {
      return now.identity;
    },
    get url() {
      return now.listening.url;
    },
    faults,
    ask,
    login,
    idOf: async (plural, name) => {
      const token = await login('admin', 'admin');
      const { body } = await ask('GET', `/v3/${plural}?name=${name}`, { token });
      return (body as Record<string, { id: string }[]>)[plural]![0]!.id;
    },
    reopen: async () => {
      await close();
      now = await open();
    },
  };
  try {
    await work(setting);
  } finally {
    await close();
    await rm(directory, { recursive: true });
  }
}
