import type { ControllerInfo } from '../cluster/types.ts';

/** Whether a load balancer should send anything here. */
export interface Readiness {
  readonly ready: boolean;
  /** Why not, each in a few words; empty when ready. */
  readonly reasons: readonly string[];
  readonly role: 'leader' | 'member';
  readonly site: string;
  /** Whether a majority of the sites answers. */
  readonly quorum: boolean;
  /** Age of what local reads show; 0 while it is followed as it changes. */
  readonly staleSeconds: number;
}

/** The controllers that work together, as this one sees them. */
export interface ClusterStatus {
  /** Null while it has no lease. */
  readonly self: ControllerInfo | null;
  readonly leader: ControllerInfo | null;
  readonly controllers: readonly ControllerInfo[];
  /** Rises when a quorum was forced: controllers and members of an older one are refused. */
  readonly epoch: number;
  readonly quorum: boolean;
  readonly staleSeconds: number;
}

/** Of the store's member that this controller runs. */
export interface MemberFigures {
  readonly dbBytes: number;
  readonly dbQuotaBytes: number;
  readonly hasLeader: boolean;
  /** Raised now, such as the one for a full database. */
  readonly alarms: number;
  readonly snapshotEverySeconds: number;
  /** Null before the first. */
  readonly snapshotAgeSeconds: number | null;
}

/** What this process is and has at this moment, for metrics. */
export interface ControllerFigures {
  readonly site: string;
  readonly isLeader: boolean;
  readonly hasLease: boolean;
  readonly claims: { readonly session: number; readonly execution: number };
  /** Every site that belongs to it, and whether a controller is there now. */
  readonly sites: ReadonlyMap<string, boolean>;
  readonly hasQuorum: boolean;
  /** Since a majority was seen to answer. */
  readonly quorumAgeSeconds: number;
  /** How long ago the oldest change was made that is not yet in the state in memory. */
  readonly lagSeconds: number;
  readonly member: MemberFigures | null;
}
