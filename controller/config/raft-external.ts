import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Found } from '../input/check.ts';
import type { ExternalRaft } from './raft-config.ts';
import { raftFault as fault, type Result } from './raft-fault.ts';
import type { RaftSection } from './raft-schema.ts';

/** Reads the files that the section names. */
export async function externalOf(
  etcd: NonNullable<RaftSection['etcd']>,
  base: string,
): Promise<Result<ExternalRaft>> {
  const { endpoints, user } = etcd;
  const faults: Found[] = endpoints.flatMap((text, index) => {
    const message = endpointFault(text);
    return message === null ? [] : [fault(['etcd', 'endpoints', index], message)];
  });
  for (const [one, other] of [
    ['cert', 'key'],
    ['key', 'cert'],
    ['user', 'passwordFile'],
    ['passwordFile', 'user'],
  ] as const)
    if (etcd[one] !== undefined && etcd[other] === undefined)
      faults.push(fault(['etcd', other], `is missing, expected it beside ${one}`));
  const secure = endpoints.filter((text) => text.startsWith('https:')).length;
  if (secure > 0 && secure < endpoints.length)
    faults.push(fault(['etcd', 'endpoints'], 'expected https for all of them, or for none'));
  const read = async (field: 'ca' | 'cert' | 'key' | 'passwordFile') => {
    const path = etcd[field];
    if (path === undefined) return undefined;
    try {
      return await readFile(resolve(base, path), 'utf8');
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
      faults.push(
        fault(['etcd', field], `expected a file that can be read, found ${path} (${code})`),
      );
      return undefined;
    }
  };
  const pem = async (field: 'ca' | 'cert' | 'key') => {
    const content = await read(field);
    if (content !== undefined && !content.includes('-----BEGIN '))
      faults.push(fault(['etcd', field], 'expected a file in PEM form'));
    return content;
  };
  const ca = await pem('ca');
  const cert = await pem('cert');
  const key = await pem('key');
  const password = (await read('passwordFile'))?.replace(/\r?\n$/, '');
  if (faults.length > 0) return { faults };
  const tls = {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
  const isTls = endpoints.some((endpoint) => endpoint.startsWith('https:'));
  return {
    value: Object.freeze({
      type: 'external',
      endpoints,
      ...(isTls ? { tls } : {}),
      ...(user === undefined || password === undefined ? {} : { user: { name: user, password } }),
    }),
  };
}

function endpointFault(text: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  // Only what the scheme, the host and the port say is used: a name or a password in it would be lost.
  if (url !== null && /^https?:$/.test(url.protocol) && text.replace(/\/$/, '') === url.origin)
    return null;
  // Not repeated: it may hold a password.
  return 'expected https://host:port';
}
