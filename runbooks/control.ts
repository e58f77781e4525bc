import type { Movers, TargetContext } from '../replicator/mover.ts';
import type { PointManifest, RecoveryPoint } from '../replicator/point/types.ts';
import type { Depth, ResourceRef, Source } from '../replicator/mover.ts';
import type { Progress } from '../kernel/progress.ts';

/** What a runbook may know of a group. */
export interface GroupView {
  readonly name: string;
  readonly generation: number;
  /** Region that is primary at this generation. */
  readonly primary: string;
  readonly secondary: string;
  /** Where its points are restored: the secondary, or since a failover the primary. */
  readonly restoreRegion: string;
  /** The execution that made the primary what it is; absent: none since the group was made. */
  readonly failedOverBy?: string;
  readonly rpoSeconds: number;
  readonly rtoSeconds: number;
}

/** Where the group's resources were before the failover. */
export interface LostPrimary {
  readonly source: Source;
  /** It shares one Swift cluster with the region that took over. */
  readonly sharedSwift: boolean;
}

/** What steps may ask of the controller. Every change is idempotent for the same execution. */
export interface Control {
  group(name: string): Promise<GroupView>;
  /** Commits generation + 1 with the secondary as primary; replication of the group stops for good in the same transaction. Repeated by the same execution it answers what it did. */
  raiseGeneration(
    group: string,
    executionId: string,
  ): Promise<{
    readonly generation: number;
    readonly lostPrimary: string;
    readonly primary: string;
  }>;
  /** The primary before the failover, for fencing; throws a RequestError where it does not answer. */
  lostPrimary(group: string, region: string, signal: AbortSignal): Promise<LostPrimary>;
  /** Members of the group as last resolved. */
  resources(group: string): Promise<readonly ResourceRef[]>;
  /** Newest first; only those in the region and not expiring. */
  points(group: string): Promise<readonly RecoveryPoint[]>;
  /** Checks all its resources, or those named (resourceKey), and records what was found. */
  verifyPoint(
    group: string,
    point: string,
    depth: Depth,
    progress: Progress,
    signal: AbortSignal,
    only?: ReadonlySet<string>,
  ): Promise<RecoveryPoint>;
  /** Read from the bank, its hash compared with the point's head. */
  manifest(group: string, point: string, signal: AbortSignal): Promise<PointManifest>;
  /** Services of the region that is to be restored into. */
  target(group: string, progress: Progress, signal: AbortSignal): Promise<TargetContext>;
  /** A point that an execution uses is not expired while it runs. */
  holdPoint(group: string, point: string, executionId: string): Promise<void>;
  readonly movers: Movers;
}
