import type { Session } from '../../replicator/session/types.ts';
import type { SessionSummary } from '../model/types.ts';

export function summarize(session: Session): SessionSummary {
  const { id, phase, startedAt, endedAt, runs, moved, error } = session;
  return { id, phase, startedAt, endedAt: endedAt ?? null, runs, moved, error: error ?? null };
}
