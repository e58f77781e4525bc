import { mkdir, readdir, rename, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { RaftDir } from '../raft-dir.ts';

/** True when a member is, or was begun to be put, here. */
export async function isThere(dir: RaftDir): Promise<boolean> {
  return (await hasFile(dir.record)) || (await hasFile(dir.data));
}

export async function hasFile(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}

/**
 * Moves all that belongs to the member into a directory beside it, where it stays until somebody
 * deletes it; null when there is nothing. Killed midway: what is left is moved the next time.
 */
export async function setAside(dir: RaftDir, at: string): Promise<string | null> {
  const moved = [dir.record, dir.pki.dir, dir.data, dir.superseded, dir.forcing];
  const names = new Set(await readdir(dir.root));
  const there = moved.filter((path) => names.has(basename(path)));
  if (there.length === 0) return null;
  const aside = join(dir.root, `old-${at.replaceAll(/[:.]/g, '-')}`);
  await mkdir(aside, { mode: 0o700 });
  for (const path of there) await rename(path, join(aside, basename(path)));
  return aside;
}

/** The directory of a single controller's state; null where there is none. */
export async function singleState(dataDir: string): Promise<string | null> {
  const directory = stateDir(dataDir);
  return (await hasFile(directory)) ? directory : null;
}

export function stateDir(dataDir: string): string {
  return join(dataDir, 'state');
}

/** After it was carried over: kept, and never carried over again. */
export async function retireState(directory: string, at: string): Promise<string> {
  const to = join(dirname(directory), `state.imported-${at.replaceAll(/[:.]/g, '-')}`);
  await rename(directory, to);
  return to;
}
