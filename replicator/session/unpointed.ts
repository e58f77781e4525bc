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
  return held(session)
    .filter(([key]) => !inPoint.has(key))
    .map(([, copy]) => copy);
}

/** All that it shipped or took over, whatever became of it. */
export function copiesOfSession(session: Session): readonly Copy[] {
  return held(session).map(([, copy]) => copy);
}

function held({ carried, copies }: Session): readonly (readonly [key: string, copy: Copy])[] {
  const taken = Object.entries(carried ?? {}).map(([key, { copy }]) => [key, copy] as const);
  return [...taken, ...Object.entries(copies)];
}
