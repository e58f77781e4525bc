import { FarshoreError } from '../../kernel/errors.ts';
import type { Operation } from './store.ts';

/** Refuses, before anything is sent or read, what no home could carry out the same way as the others. */
export function checkTransaction(operations: readonly Operation[]): void {
  const paths = new Set<string>();
  for (const { path } of operations) {
    // A key that breaks the ordering would lose data silently.
    if (!/^[\x21-\x7e]+$/.test(path))
      throw refused('store.bad-key', 'a key holds other than printable ASCII characters', path);
    if (paths.has(path))
      throw refused('store.bad-transaction', 'a transaction writes one key twice', path);
    paths.add(path);
  }
}

function refused(code: string, message: string, path: string): FarshoreError {
  const detail = { kind: 'permanent', operation: 'write state' } as const;
  return new FarshoreError(message, { ...detail, code, subject: JSON.stringify(path) });
}
