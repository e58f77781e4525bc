import { mkdir } from 'node:fs/promises';
import { Level } from 'level';
import { FarshoreError } from '../../kernel/errors.ts';
import type { RaftDir } from './raft-dir.ts';

/**
 * The right to touch this site's member: one process at a time, and never one that is dead, as the
 * kernel gives up a dead process's lock. An empty LevelDB, since Node itself can lock no file.
 * Throws `raft.in-use`.
 */
export async function lockMember(dir: RaftDir): Promise<{ release(): Promise<void> }> {
  await mkdir(dir.root, { recursive: true, mode: 0o700 });
  const lock = new Level(dir.lock);
  try {
    await lock.open();
  } catch (error) {
    const isHeld = codeOf(error) === 'LEVEL_LOCKED' || codeOf(causeOf(error)) === 'LEVEL_LOCKED';
    throw new FarshoreError(
      isHeld ? "another farshore process has this site's member" : 'the directory cannot be locked',
      {
        code: isHeld ? 'raft.in-use' : 'raft.unwritable',
        kind: 'fatal',
        operation: 'lock member',
        subject: dir.root,
        hint: isHeld
          ? 'stop the controller of this site first'
          : 'see rights and space of the disk',
        cause: error,
      },
    );
  }
  return { release: () => lock.close() };
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
