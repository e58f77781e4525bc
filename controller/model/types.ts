import type { Mappings, ResourceKind, ResourceRef } from '../../replicator/mover.ts';
import type { PointMember } from '../../replicator/point/types.ts';
import type { MemberChange } from '../state/records.ts';
import type { ExecutionSummary } from '../../runbooks/execution/summary.ts';
import type { ProtectionPolicy } from '../../replicator/policy.ts';

/** A stored object's revision: rises with every change of it; the API's ETag. */
export interface Stored<T> {
  readonly value: T;
  readonly revision: number;
}

/** Names one resource, or chooses all that match at the start of every session. */
export type Member =
  | { readonly kind: ResourceKind; readonly nameOrId: string }
  | {
      readonly kind: ResourceKind;
      /** `*` and `?` as in a shell, on the name. */
      readonly namePattern?: string;
      /** Every pair must be there: volume and image metadata, container metadata. */
      readonly metadata?: Readonly<Record<string, string>>;
    };

/** A protection group as the operator wrote it. */
export interface GroupSpec {
  readonly name: string;
  readonly policy: string;
  /** Where the resources live at generation 1, and the project that owns them, by name or id. */
  readonly source: { readonly region: string; readonly project: string };
  readonly target: {
    readonly project: string;
    readonly mappings: Mappings;
    readonly availabilityZone?: string;
  };
  readonly members: readonly Member[];
  readonly paused: boolean;
}

/** A group as the controller keeps it. */
export interface Group {
  readonly spec: GroupSpec;
  readonly generation: number;
  /** The region that is primary at this generation. */
  readonly primary: string;
  /** Set by a failover: nothing is replicated from the former primary again until the group is reprotected. */
  readonly failedOver?: {
    readonly executionId: string;
    readonly from: string;
    readonly at: string;
  };
  /** As found at the newest session. */
  readonly resources: readonly ResourceRef[];
  readonly createdAt: string;
}

export const groupStates = [
  'protected',
  'at-risk',
  'paused',
  'failing-over',
  'failed-over',
  'failover-failed',
] as const;

export type GroupState = (typeof groupStates)[number];

export interface GroupStatus {
  readonly name: string;
  readonly policy: string;
  readonly generation: number;
  readonly primary: string;
  readonly secondary: string;
  /**
   * `protected`: RPO within its objective. `at-risk`: beyond it, a resource without a whole copy, or a
   * change in the source that nobody has confirmed. `paused`: by the operator.
   * `failing-over`: a failover is under way, or waits for an approval. `failed-over`: running in the
   * secondary, unprotected until reprotected. `failover-failed`: the secondary is the primary now, and not
   * everything that was to be restored there is.
   */
  readonly state: GroupState;
  readonly resources: readonly ResourceRef[];
  /** Now minus the data time of the newest whole copy of the resource that is worst off; null: one has none. */
  readonly rpoSeconds: number | null;
  readonly rpoObjectiveSeconds: number;
  /** Of the newest ended drill or failover that was verified; null before the first. */
  readonly rtoSeconds: number | null;
  readonly rtoObjectiveSeconds: number;
  /** The newest point of which anything can be recovered. */
  readonly newestUsablePoint: string | null;
  /** RFC 3339: what `rpoSeconds` counts from. */
  readonly newestProvenDataTime: string | null;
  readonly points: { readonly proven: number; readonly partial: number; readonly damaged: number };
  /** Copies in any of its points that were found damaged in the secondary. */
  readonly damagedCopies: number;
  /** What cannot be recovered from the newest point, or not wholly, and why. */
  readonly lacks: readonly Pick<PointMember, 'resource' | 'state' | 'problem'>[];
  /** What happened to members in the source and was not confirmed; their copies from before are kept. */
  readonly changes: readonly Pick<MemberChange, 'resource' | 'change' | 'since' | 'detail'>[];
  /** How old the knowledge is that all its copies are whole; null: it has none, or the policy reads nothing again. */
  readonly verification: VerificationStatus | null;
  readonly session: SessionSummary | null;
  /** What that session waits for and has not moved for minutes, with what to do; known to the controller that runs it. */
  readonly stalled: readonly { readonly subject: string; readonly text: string }[];
  /** RFC 3339; null when none is due (paused, failed over). */
  readonly nextSessionAt: string | null;
  /** The newest of each mode, dry runs apart. */
  readonly executions: readonly AgedExecution[];
}

/** With the time that it has been in its state. */
export interface AgedExecution extends ExecutionSummary {
  readonly ageSeconds: number;
}

export interface VerificationStatus {
  /** RFC 3339: everything that the group has in the secondary was read, to its last byte, since then. */
  readonly readSince: string;
  readonly ageSeconds: number;
  /** The policy's. */
  readonly periodSeconds: number;
  /** When the newest full reading ended; null before the first. */
  readonly lastEndedAt: string | null;
  /** The reading under way. */
  readonly round: {
    readonly startedAt: string;
    readonly bytes: number;
    readonly damaged: number;
  } | null;
}

export interface SessionSummary {
  readonly id: string;
  readonly phase: string;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly runs: number;
  readonly moved: { readonly bytes: number; readonly objects: number };
  /** How many resources its point lacks, or has only a part of. */
  readonly lacks: number;
  readonly error: { readonly code: string; readonly message: string } | null;
}

export type { ProtectionPolicy };
