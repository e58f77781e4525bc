import type { Precondition } from '../service.ts';
import { refused } from '../state/refusals.ts';
import type { Entry } from '../store/store.ts';

/** Throws `<kind>.revision-mismatch`; the entry is compared again in the transaction that writes. */
export function checkPrecondition(
  kind: 'policy' | 'group',
  name: string,
  entry: Entry<unknown> | null,
  precondition: Precondition,
): void {
  if (precondition === undefined) return;
  const revision = entry?.modRevision ?? null;
  if (revision === precondition) return;
  const [expected, found] = [precondition, revision].map((each) =>
    each === null ? 'none' : `revision ${each}`,
  );
  throw refused(
    `${kind}.revision-mismatch`,
    `change ${kind}`,
    name,
    `expected ${expected ?? ''}, found ${found ?? ''}`,
    'read it again and apply the change to what is there now',
  );
}
