import type { Found } from '../input/check.ts';

export type Result<T> = { readonly value: T } | { readonly faults: readonly Found[] };

/** A fault in the section `raft`. */
export function raftFault(at: readonly PropertyKey[], message: string): Found {
  const full = ['raft', ...at];
  const path = full.reduce<string>(
    (before, part) =>
      typeof part === 'number' ? `${before}[${part}]` : `${before}${before && '.'}${String(part)}`,
    '',
  );
  return { at: full, path, message };
}
