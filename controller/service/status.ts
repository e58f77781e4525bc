import { reachedRpoSeconds } from '../../replicator/point/choose.ts';
import { isoTime } from '../../kernel/clock.ts';
import type { PointTally } from '../mirror/point-tallies.ts';
import type { Group, GroupStatus, ProtectionPolicy, SessionSummary } from '../model/types.ts';
import type { GroupHead, MeasuredRto } from '../state/records.ts';

export interface StatusInput {
  readonly group: Group;
  readonly head: GroupHead;
  readonly policy: ProtectionPolicy;
  readonly points: PointTally;
  readonly session: SessionSummary | null;
  readonly rto: MeasuredRto | null;
  readonly nextSessionMs: number | null;
  readonly nowMs: number;
}

/** Pure: what is true of a group at this moment. RPO counts from the newest proven point, and nothing else. */
export function statusOf(input: StatusInput): GroupStatus {
  const { group, head, policy, points, session, rto, nextSessionMs, nowMs } = input;
  const { newest, proven, damaged } = points;
  const rpoSeconds = newest === null ? null : reachedRpoSeconds([newest], nowMs);
  return {
    name: group.spec.name,
    policy: policy.name,
    generation: head.generation,
    primary: head.primary,
    secondary: head.secondary,
    state: stateOf(group, rpoSeconds, policy.rpoSeconds),
    resources: group.resources,
    rpoSeconds,
    rpoObjectiveSeconds: policy.rpoSeconds,
    rtoSeconds: rto?.seconds ?? null,
    rtoObjectiveSeconds: policy.rtoSeconds,
    newestProvenPoint: newest?.id ?? null,
    newestProvenDataTime: newest?.dataTime ?? null,
    points: { proven, damaged },
    session: session === null ? null : shownSession(session),
    nextSessionAt: nextSessionMs === null ? null : isoTime(nextSessionMs),
  };
}

/** A failover outweighs a pause, and either outweighs the RPO: nothing is being done about that. */
function stateOf(
  group: Group,
  rpoSeconds: number | null,
  objectiveSeconds: number,
): GroupStatus['state'] {
  if (group.failedOver !== undefined) return 'failed-over';
  if (group.spec.paused) return 'paused';
  return rpoSeconds !== null && rpoSeconds <= objectiveSeconds ? 'protected' : 'at-risk';
}

/** Without what is kept beside it. */
export function shownSession({
  id,
  phase,
  startedAt,
  endedAt,
  runs,
  moved,
  error,
}: SessionSummary): SessionSummary {
  return { id, phase, startedAt, endedAt, runs, moved, error };
}
