import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Where things lie below the data directory. */
export interface RaftDir {
  readonly root: string;
  /** Which member this is, and of what: member-record.ts. */
  readonly record: string;
  readonly pki: {
    readonly dir: string;
    readonly authority: PemPair;
    readonly member: PemPair;
    readonly client: PemPair;
  };
  /** etcd's own. */
  readonly data: string;
  readonly log: string;
  /** Held open by the one process that may touch the member. */
  readonly lock: string;
  readonly snapshots: string;
  /** Written once a higher epoch was seen: the member never starts again. */
  readonly superseded: string;
  /** There while quorum is being forced. */
  readonly forcing: string;
}

export interface PemPair {
  readonly cert: string;
  readonly key: string;
}

export function raftDir(dataDir: string): RaftDir {
  const root = join(dataDir, 'raft');
  const pki = join(root, 'pki');
  const pair = (name: string): PemPair => ({
    cert: join(pki, `${name}.pem`),
    key: join(pki, `${name}.key`),
  });
  return Object.freeze({
    root,
    record: join(root, 'member.json'),
    pki: {
      dir: pki,
      authority: pair('authority'),
      member: pair('member'),
      client: pair('client'),
    },
    data: join(root, 'etcd'),
    log: join(root, 'etcd.log'),
    lock: join(root, 'lock'),
    snapshots: join(root, 'snapshots'),
    superseded: join(root, 'superseded.json'),
    forcing: join(root, 'forcing.json'),
  });
}

/**
 * Readable by its owner only, and on disk when this resolves. Killed before: what stood there stands
 * there still, and a file `.new` beside it that the next writer replaces.
 */
export async function writePrivate(path: string, text: string): Promise<void> {
  const directory = dirname(path);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const fresh = `${path}.new`;
  // Never into a file that was there: one that somebody else made, or a link, would get the secret.
  await rm(fresh, { force: true });
  const file = await open(fresh, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(fresh, path);
  const parent = await open(directory);
  try {
    await parent.sync();
  } finally {
    await parent.close();
  }
}

/** Null where there is no such file. */
export async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
