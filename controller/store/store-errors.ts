import { FarshoreError } from '../../kernel/errors.ts';

/** What a page or a watch asks for is no longer kept. */
export function compacted(operation: string, prefix: string, revision: number): FarshoreError {
  return new FarshoreError(`the state as of revision ${revision} is no longer kept`, {
    code: 'store.compacted',
    kind: 'permanent',
    operation,
    subject: prefix,
    hint: 'read all of it again, and go on from there',
  });
}

export function leaseLost(id: string, cause?: unknown): FarshoreError {
  return new FarshoreError('the lease has ended', {
    code: 'store.lease-lost',
    kind: 'transient',
    operation: 'hold lease',
    subject: id,
    cause,
  });
}

export function storeClosed(operation: string): FarshoreError {
  return new FarshoreError('the state store was closed', {
    code: 'store.closed',
    kind: 'permanent',
    operation,
  });
}
