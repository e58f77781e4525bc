import type { ResourceRef } from '../../replicator/mover.ts';
import type { Suspects } from '../../replicator/scrub/record.ts';
import type { ScrubPlace } from '../../replicator/scrub/scrub-points.ts';
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

/** What a selector has come to match and another group has: it is among the lacking, and no member. */
export const memberTaken = 'member.taken';

export interface GroupMembers {
  readonly resources: readonly ResourceRef[];
}

/** Who keeps a point from being expired. */
export interface Holds {
  /** Those that use it; those that ended count no more and are dropped at the next write. */
  readonly executions: readonly string[];
  /** Until an operator lets it go. */
  readonly operator?: { readonly reason: string; readonly at: string };
}

/** Something happened to a member in the source that may be a mistake, a fault or an attack. */
export interface MemberChange {
  readonly resource: ResourceRef;
  /**
   * `lost`: it is not found any more. `replaced`: its name is another's now. `emptied`: nothing is
   * left in it. `changed`: more of it was removed or rewritten at once than the policy lets pass.
   */
  readonly change: 'lost' | 'replaced' | 'emptied' | 'changed';
  /** RFC 3339. */
  readonly since: string;
  readonly detail: string;
  /** Of `emptied` and `changed`: the place in the order of points of the one that came with it. */
  readonly sequence?: number;
  /** Of what was lost: the operator let it go; kept until the newest point knows nothing of it. */
  readonly releasedAt?: string;
}

/** Those of a group that nobody has confirmed. */
export interface MemberChanges {
  readonly changes: readonly MemberChange[];
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

/** An ended session, in short. */
export interface PastSession extends SessionSummary {
  /** Its manifest may be in the bank, whether or not there is a point of it. */
  readonly isSealed: boolean;
}

/** Of a group's points: see `checked.serial` of a point's head. */
export interface SharingRecord {
  readonly newestCheck: number;
}

/** Where something of ours may lie that no session tidies any more. */
export interface SweepRecord {
  readonly region: string;
  /** By name or id. */
  readonly project: string;
}

/** Where requests of an execution that has ended may yet leave something. */
export interface LateRecord extends SweepRecord {
  /** RFC 3339, by the clock of who carried it out. */
  readonly endedAt: string;
}

/** How far reading again what a group has in one region has come. */
export interface ScrubRecord {
  /** The newest that was ended: whatever lay there when it began has been read since. */
  readonly last?: {
    /** RFC 3339. */
    readonly startedAt: string;
    readonly endedAt: string;
    readonly seconds: number;
    readonly bytes: number;
  };
  /** The one under way, or broken off. */
  readonly round?: {
    readonly startedAt: string;
    /** Points that were known to be damaged then, see replicator/scrub. */
    readonly suspects: Suspects;
    /** Null: at the beginning. */
    readonly after: ScrubPlace | null;
    readonly bytes: number;
    /** Copies found damaged so far. */
    readonly damaged: number;
  };
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
