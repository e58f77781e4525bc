import type { Finding } from '../../mover.ts';
import type { Findings } from '../../findings.ts';
import type { StoredThing } from './stored-rows.ts';

export interface Flaw {
  readonly problem: Finding['problem'];
  readonly detail: string;
}

export const missing: Flaw = { problem: 'missing', detail: 'its bytes are not in the bank' };

/** What was stored. */
export interface Expected {
  readonly bytes: number;
  readonly md5: string;
  readonly sha256?: string;
}

/** What a listing, a HEAD or a reader found, against what was stored. */
export function flawOf(
  expected: Expected,
  found: { readonly bytes: number; readonly md5?: string; readonly sha256?: string },
): Flaw | null {
  if (found.bytes !== expected.bytes)
    return {
      problem: found.bytes < expected.bytes ? 'truncated' : 'altered',
      detail: `expected ${expected.bytes} bytes, found ${found.bytes}`,
    };
  if (found.md5 !== undefined && found.md5 !== expected.md5)
    return altered('MD5', expected.md5, found.md5);
  const isOther = found.sha256 !== undefined && expected.sha256 !== undefined;
  if (isOther && found.sha256 !== expected.sha256)
    return altered('SHA-256', expected.sha256 ?? '', found.sha256 ?? '');
  return null;
}

function altered(what: string, expected: string, found: string): Flaw {
  return { problem: 'altered', detail: `expected ${what} ${expected}, found ${found}` };
}

/** A finding for each object that refers to it. */
export function tell(findings: Findings, { key, owners }: StoredThing, flaw: Flaw): void {
  for (const { owner } of owners) findings.addStored(key, owner, flaw.problem, flaw.detail);
}
