import type { ResourceRef } from '../../replicator/mover.ts';
import type { SessionPhase } from '../../replicator/session/types.ts';
import type { AuditNote, Unfinished } from '../../runbooks/execution/types.ts';
import type { Group, GroupSpec, SessionSummary } from '../model/types.ts';

export interface GroupRecord {
  readonly spec: GroupSpec;
  readonly createdAt: string;
}

export interface GroupHead {
  readonly generation: number;
  readonly primary: string;
  readonly secondary: string;
  readonly failedOver?: NonNullable<Group['failedOver']>;
}

export interface GroupMembers {
  readonly resources: readonly ResourceRef[];
}

/** Executions that use a point; those that ended count no more and are dropped at the next write. */
export interface Holds {
  readonly executions: readonly string[];
}

/** From the newest execution that ended with everything verified. */
export interface MeasuredRto {
  readonly seconds: number;
  readonly executionId: string;
  readonly at: string;
}

/** The unfinished or newest session in short. */
export interface LatestSession extends SessionSummary {
  readonly phase: SessionPhase;
  /** Sessions that failed in a row, this one included. */
  readonly failures: number;
}

/** Where something of ours may lie that no session tidies any more. */
export interface SweepRecord {
  readonly region: string;
  /** By name or id. */
  readonly project: string;
}

export interface Wish {
  readonly at: string;
}

export interface ActiveExecutions {
  readonly executions: readonly Unfinished[];
}

export interface RequestRecord {
  readonly execution: string;
  /** The request itself: the same key with another is refused. */
  readonly order: unknown;
  readonly at: string;
}

/** Something that an auditor must find again; `site` is where it was recorded. */
export interface AuditRecord extends AuditNote {
  readonly site: string;
}
