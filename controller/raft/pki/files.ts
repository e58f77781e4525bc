import { readFile } from 'node:fs/promises';
import { FarshoreError } from '../../../kernel/errors.ts';
import { type PemPair, type RaftDir, writePrivate } from '../raft-dir.ts';
import type { Identity, SitePki } from './authority.ts';

export async function writePki(dir: RaftDir, pki: SitePki): Promise<void> {
  for (const name of ['authority', 'member', 'client'] as const) {
    await writePrivate(dir.pki[name].cert, pki[name].cert);
    await writePrivate(dir.pki[name].key, pki[name].key);
  }
}

/** Throws `raft.no-certificates`. */
export async function readPki(dir: RaftDir): Promise<SitePki> {
  const { authority, member, client } = dir.pki;
  try {
    return {
      authority: await readPair(authority),
      member: await readPair(member),
      client: await readPair(client),
    };
  } catch (error) {
    throw new FarshoreError("the member's certificates cannot be read", {
      code: 'raft.no-certificates',
      kind: 'fatal',
      operation: 'read certificates',
      subject: dir.pki.dir,
      hint: 'farshore raft init makes them at the first site, farshore raft join <bundle> brings them to the others',
      cause: error,
    });
  }
}

async function readPair({ cert, key }: PemPair): Promise<Identity> {
  return { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') };
}
