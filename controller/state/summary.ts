import type { Session } from '../../replicator/session/types.ts';
import { countNotWhole } from '../../replicator/session/point.ts';
import { isEnded } from '../../replicator/session/state.ts';
import type { SessionSummary } from '../model/types.ts';
import type { LatestSession, PastSession } from './records.ts';

export function summarize(session: Session): SessionSummary {
  const { id, phase, startedAt, endedAt, runs, moved, error } = session;
  return {
    id,
    phase,
    startedAt,
    endedAt: endedAt ?? null,
    runs,
    moved,
    lacks: countNotWhole(session),
    error: error ?? null,
  };
}

export function remember(session: Session): PastSession {
  return { ...summarize(session), isSealed: session.manifest !== undefined };
}

/** `before` is what was stored: of this session, of the one before it, or null. */
export function latestOf(session: Session, before: LatestSession | null): LatestSession {
  const earlier = before === null ? 0 : failuresBefore(session, before);
  const failures = session.phase === 'failed' ? earlier + 1 : isEnded(session.phase) ? 0 : earlier;
  return { ...summarize(session), phase: session.phase, failures };
}

function failuresBefore(session: Session, before: LatestSession): number {
  const isFailed = before.phase === 'failed';
  if (before.id === session.id) return isFailed ? before.failures - 1 : before.failures;
  return isFailed ? before.failures : 0;
}
