import type { ProtectionPolicy } from '../../replicator/policy.ts';
import type { RecoveryPoint } from '../../replicator/point/types.ts';
import type { Session } from '../../replicator/session/types.ts';
import type { ExecutionSummary } from '../../runbooks/execution/summary.ts';
import type { Execution, StandingOrder } from '../../runbooks/execution/types.ts';
import type { ClaimRecord } from '../cluster/held-claims.ts';
import type { ClaimKind, ControllerInfo } from '../cluster/types.ts';
import type { Key } from '../store/store.ts';
import type { Installation } from './installation.ts';
import type {
  ActiveExecutions,
  AuditRecord,
  GroupHead,
  GroupMembers,
  GroupRecord,
  Holds,
  LateRecord,
  LatestSession,
  MeasuredRto,
  MemberChanges,
  PastSession,
  RequestRecord,
  ScrubRecord,
  SharingRecord,
  SweepRecord,
  Wish,
} from './records.ts';

/**
 * Every key of the store and the type of its value. A function without its last argument gives the
 * prefix of them all. Names hold no `/`, so that no prefix reaches into another's keys.
 */
export const keys = Object.freeze({
  installation: () => key<Installation>('installation'),
  policy: (name = '') => key<ProtectionPolicy>('policies', name),
  /** Rewritten by whoever gives a group the policy: who would delete it, or move its target, compares it. */
  policyUse: (policy = '') => key<null>('policy-uses', policy),
  /** What the operator wrote; its revision is the group's ETag. */
  group: (name = '') => key<GroupRecord>('groups', name),
  /** Generation and primary: whoever writes for the group compares this. */
  head: (group = '') => key<GroupHead>('heads', group),
  /** As last resolved. */
  members: (group = '') => key<GroupMembers>('members', group),
  /** Rewritten by whoever gives a group members that he found in no other group. */
  allMembers: () => key<null>('all-members'),
  /** The unfinished or newest session, one a group. */
  session: (group = '') => key<Session>('sessions', group),
  /** The same in short, written with it: what schedules and shows groups reads this alone. */
  latest: (group = '') => key<LatestSession>('latest', group),
  /** Ended ones before it, in short. */
  history: (group: string, session = '') => key<PastSession>('history', group, session),
  point: (group: string, point = '') => key<RecoveryPoint>('points', group, point),
  /** Those of all groups. */
  points: () => key<RecoveryPoint>('points', ''),
  /** Counts up with whoever commits a point or records a check: what points share is damaged for each of them. */
  sharing: (group = '') => key<SharingRecord>('sharing', group),
  /** What happened to its members that nobody has confirmed. */
  changes: (group = '') => key<MemberChanges>('changes', group),
  holds: (group: string, point = '') => key<Holds>('holds', group, point),
  execution: (id = '') => key<Execution>('executions', id),
  /** The one of that mode that a group had last, in short; written with it. */
  newestExecution: (group = '', mode = '') =>
    key<ExecutionSummary>('newest-executions', group, mode),
  newestExecutions: () => key<ExecutionSummary>('newest-executions', ''),
  /** Those of a group that have not ended: whoever begins or ends one compares it. */
  active: (group = '') => key<ActiveExecutions>('active', group),
  /** Orders to an execution, until whoever carries it out has taken them. */
  order: (execution: string, order = '') => key<StandingOrder>('orders', execution, order),
  /** The execution that a client's request created, under a digest of the request's key. */
  request: (digest = '') => key<RequestRecord>('requests', digest),
  audit: (id = '') => key<AuditRecord>('audit', id),
  /** A project of a primary that a deleted group may have left something in, until it was looked through. */
  sweep: (region: string, project: string) =>
    key<SweepRecord>('sweeps', region, encodeURIComponent(project)),
  sweeps: () => key<SweepRecord>('sweeps', ''),
  /** An execution that has ended, until nothing of its can come any more. */
  late: (execution = '') => key<LateRecord>('late', execution),
  scrub: (group: string, region = '') => key<ScrubRecord>('scrubs', group, region),
  scrubs: () => key<ScrubRecord>('scrubs', ''),
  rto: (group = '') => key<MeasuredRto>('rto', group),
  /** A session that somebody wants now; gone when it has begun. */
  wanted: (group = '') => key<Wish>('wanted', group),
  /** Everything that lives as long as a controller's lease. */
  live: () => key<unknown>('live', ''),
  controller: (id = '') => key<ControllerInfo>('live', 'controllers', id),
  leader: () => key<ControllerInfo>('live', 'leader'),
  claim: (kind: ClaimKind, id = '') => key<ClaimRecord>('live', 'claims', kind, id),
  /** Somebody waits for the group's session to be left alone: its holder breaks it off. */
  yields: (group = '') => key<ClaimRecord>('live', 'yields', group),
});

function key<T>(...parts: readonly string[]): Key<T> {
  return { path: parts.join('/') };
}
