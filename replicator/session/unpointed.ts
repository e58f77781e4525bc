import type { Copy } from '../mover.ts';
import { heldKeys } from './state.ts';
import type { Session } from './types.ts';

/**
 * What the session shipped, or took over from others, that no point names: it lies in the secondary
 * for the next one. A superseded session has no next one.
 */
export function unpointedCopies(session: Session): readonly Copy[] {
  if (session.phase === 'superseded') return [];
  const isCommitted = session.phase === 'expiring' || session.phase === 'done';
  const inPoint = new Set(isCommitted ? heldKeys(session) : []);
  const carried = Object.entries(session.carried ?? {}).map(
    ([key, { copy }]) => [key, copy] as const,
  );
  return [...carried, ...Object.entries(session.copies)]
    .filter(([key]) => !inPoint.has(key))
    .map(([, copy]) => copy);
}
