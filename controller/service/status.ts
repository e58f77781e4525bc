import { rpoSeconds as rpoSecondsOf } from '../../replicator/point/reached.ts';
import type { ProgressSnapshot } from '../../replicator/session/meter.ts';
import { isoTime } from '../../kernel/clock.ts';
import { hasPoints, type PointTally } from '../mirror/point-tallies.ts';
import type { ExecutionSummary } from '../../runbooks/execution/summary.ts';
import type {
  Group,
  GroupState,
  GroupStatus,
  ProtectionPolicy,
  SessionSummary,
} from '../model/types.ts';
import { isWithinGrace } from '../members/changes.ts';
import { readSince } from '../replication/scrub-due.ts';
import type { GroupHead, MeasuredRto, MemberChange, ScrubRecord } from '../state/records.ts';

export interface StatusInput {
  readonly group: Group;
  readonly head: GroupHead;
  readonly policy: ProtectionPolicy;
  readonly points: PointTally;
  readonly changes: readonly MemberChange[];
  readonly session: SessionSummary | null;
  /** Of that session, where it runs in this process. */
  readonly progress: Pick<ProgressSnapshot, 'waiting'> | null;
  readonly rto: MeasuredRto | null;
  /** The newest of each mode. */
  readonly executions: readonly ExecutionSummary[];
  /** Of the region that holds its points. */
  readonly scrub: ScrubRecord | null;
  readonly nextSessionMs: number | null;
  readonly nowMs: number;
}

/** Pure: what is true of a group at this moment. RPO is that of the resource that is worst off. */
export function statusOf(input: StatusInput): GroupStatus {
  const { group, head, policy, points, session, rto, nextSessionMs, nowMs } = input;
  const { newest, reached, lacks, proven, partial, damaged } = points;
  const rpoSeconds = rpoSecondsOf(reached, nowMs);
  const { graceSeconds } = policy.changes;
  const changes = input.changes.filter(
    ({ since, releasedAt }) =>
      releasedAt === undefined && isWithinGrace(since, nowMs, graceSeconds),
  );
  return {
    name: group.spec.name,
    policy: policy.name,
    generation: head.generation,
    primary: head.primary,
    secondary: head.secondary,
    state: stateOf(
      input,
      rpoSeconds !== null && rpoSeconds <= policy.rpoSeconds && changes.length === 0,
    ),
    resources: group.resources,
    rpoSeconds,
    rpoObjectiveSeconds: policy.rpoSeconds,
    rtoSeconds: rto?.seconds ?? null,
    rtoObjectiveSeconds: policy.rtoSeconds,
    newestUsablePoint: newest?.id ?? null,
    newestProvenDataTime: rpoSeconds === null ? null : isoTime(nowMs - rpoSeconds * 1000),
    points: { proven, partial, damaged },
    damagedCopies: points.damagedCopies,
    lacks: lacks.map(({ resource, state, problem }) => ({ resource, state, problem })),
    changes: changes.map(({ resource, change, since, detail }) => ({
      resource,
      change,
      since,
      detail,
    })),
    verification: verificationOf(input),
    session: session === null ? null : shownSession(session),
    stalled: (input.progress?.waiting ?? [])
      .filter(({ isStalled }) => isStalled)
      .map(({ subject, text }) => ({ subject, text })),
    nextSessionAt: nextSessionMs === null ? null : isoTime(nextSessionMs),
    executions: input.executions.map((each) => ({
      ...each,
      ageSeconds: Math.max(0, (nowMs - Date.parse(each.since)) / 1000),
    })),
  };
}

function verificationOf(input: StatusInput): GroupStatus['verification'] {
  const { group, policy, points, scrub, nowMs } = input;
  const { periodSeconds } = policy.verification;
  if (periodSeconds === null || !hasPoints(points)) return null;
  const since = readSince({ createdAt: group.createdAt, record: scrub });
  const round = scrub?.round;
  return {
    readSince: since,
    ageSeconds: Math.max(0, (nowMs - Date.parse(since)) / 1000),
    periodSeconds,
    lastEndedAt: scrub?.last?.endedAt ?? null,
    round:
      round === undefined
        ? null
        : { startedAt: round.startedAt, bytes: round.bytes, damaged: round.damaged },
  };
}

/** A failover outweighs a pause, and either outweighs the RPO: nothing is being done about that. */
function stateOf({ group, executions }: StatusInput, isMet: boolean): GroupState {
  const failover = executions.find(({ mode }) => mode === 'failover');
  if (failover?.state === 'running' || failover?.state === 'waiting') return 'failing-over';
  if (group.failedOver !== undefined) {
    // After a rebuild from the bank nothing is known of the execution.
    const isOwn = failover?.id === group.failedOver.executionId;
    const isShort = failover?.state === 'failed' || failover?.state === 'cancelled';
    return isOwn && isShort ? 'failover-failed' : 'failed-over';
  }
  if (group.spec.paused) return 'paused';
  return isMet ? 'protected' : 'at-risk';
}

/** Without what is kept beside it. */
export function shownSession({
  id,
  phase,
  startedAt,
  endedAt,
  runs,
  moved,
  lacks,
  error,
}: SessionSummary): SessionSummary {
  return { id, phase, startedAt, endedAt, runs, moved, lacks, error };
}
