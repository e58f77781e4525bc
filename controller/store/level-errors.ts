import { FarshoreError } from '../../kernel/errors.ts';

/** Codes of abstract-level and classic-level; an open that failed carries the reason as its cause. */
export function openError(directory: string, error: unknown): FarshoreError {
  const code = levelCode(error) === 'LEVEL_DATABASE_NOT_OPEN' ? causeCode(error) : levelCode(error);
  const detail = {
    kind: 'fatal',
    operation: 'open state',
    subject: directory,
    cause: error,
  } as const;
  if (code === 'LEVEL_LOCKED')
    return new FarshoreError('another process uses this state directory', {
      ...detail,
      code: 'store.in-use',
      hint: 'stop the other farshore first, or give this one a dataDir of its own',
    });
  if (code === 'LEVEL_CORRUPTION')
    return new FarshoreError('the state directory is damaged', {
      ...detail,
      code: 'store.corrupt',
      hint: 'put back a copy of it, or start with an empty dataDir and apply policies and groups again',
    });
  return new FarshoreError('the state directory cannot be opened', {
    ...detail,
    code: 'store.unwritable',
    hint: 'check that dataDir exists on a writable disk with free space and belongs to this user',
  });
}

/** After a failed write LevelDB's log may hold the write or not: only opening anew tells. */
export function writeError(directory: string, error: unknown): FarshoreError {
  return new FarshoreError('a write to the state directory failed', {
    code: 'store.failed',
    kind: 'fatal',
    operation: 'write state',
    subject: directory,
    hint: 'free space on the disk of dataDir or mend it, then start farshore again: nothing that was acknowledged is lost',
    cause: error,
  });
}

export function readError(directory: string, path: string, error: unknown): FarshoreError {
  const isCorrupt = levelCode(error) === 'LEVEL_CORRUPTION';
  return new FarshoreError(isCorrupt ? 'the state is damaged' : 'the state cannot be read', {
    code: isCorrupt ? 'store.corrupt' : 'store.failed',
    kind: 'fatal',
    operation: `read state ${path}`,
    subject: directory,
    hint: 'check the disk of dataDir, then start farshore again',
    cause: error,
  });
}

function levelCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}

function causeCode(error: unknown): string | undefined {
  return error instanceof Error ? levelCode(error.cause) : undefined;
}
