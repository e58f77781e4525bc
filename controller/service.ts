import type { ServiceHealth } from '../regions/region.ts';
import type { Depth } from '../replicator/mover.ts';
import type { PointManifest, RecoveryPoint } from '../replicator/point/types.ts';
import type { ProgressSnapshot } from '../replicator/session/meter.ts';
import type { Execution } from '../runbooks/execution/types.ts';
import type { Runner } from '../runbooks/runner.ts';
import type { ClusterStatus, ControllerFigures, Readiness } from './model/controller-status.ts';
import type {
  Group,
  GroupSpec,
  GroupStatus,
  ProtectionPolicy,
  SessionSummary,
  Stored,
} from './model/types.ts';
import type { ListedPoint } from './service/keeping.ts';
import type { BankService } from './service/bank-types.ts';
import type { AuditRecord } from './state/records.ts';
import type { ReadOptions } from './store/store.ts';

/** `null` creates only; a revision replaces only that one; absent replaces whatever is there. */
export type Precondition = number | null | undefined;

/** Something that an auditor must find again. */
export interface StoredAudit extends AuditRecord {
  readonly id: string;
}

export interface GroupRemoval {
  readonly deletePoints: boolean;
  readonly precondition?: Precondition;
  /** For the audit. */
  readonly reason?: string | undefined;
}

export interface RegionStatus {
  readonly name: string;
  readonly services: readonly ServiceHealth[];
}

/**
 * Everything that a user can ask of a controller: the API and its tests stand on this, and nothing
 * of HTTP reaches behind it. What does not exist throws `<kind>.not-found`; a precondition that does
 * not hold `<kind>.revision-mismatch`; a bad document `<kind>.invalid` with every fault in its message.
 *
 * Reads are local unless `linearizable` is asked for: they answer without a quorum, and include what
 * was written through this controller before. Writes, and linearizable reads, throw
 * `store.unavailable` when no majority answers.
 */
export interface ControllerService {
  listRegions(signal?: AbortSignal): Promise<readonly RegionStatus[]>;
  /** Within a second: as they were found before, where one hangs. */
  knownRegions(): Promise<readonly RegionStatus[]>;

  listPolicies(read?: ReadOptions): Promise<readonly Stored<ProtectionPolicy>[]>;
  getPolicy(name: string, read?: ReadOptions): Promise<Stored<ProtectionPolicy>>;
  /** Refuses a policy whose schedule cannot meet its RPO, or that names an unknown region. */
  applyPolicy(
    policy: ProtectionPolicy,
    precondition?: Precondition,
  ): Promise<Stored<ProtectionPolicy>>;
  /** Refuses while a group uses it. */
  deletePolicy(name: string, precondition?: Precondition): Promise<void>;

  listGroups(read?: ReadOptions): Promise<readonly Stored<Group>[]>;
  getGroup(name: string, read?: ReadOptions): Promise<Stored<Group>>;
  /**
   * Asks both regions before anything is stored: projects, named members, volume types and the
   * target's abilities must exist. Source and policy's target must differ.
   */
  applyGroup(
    spec: GroupSpec,
    precondition?: Precondition,
    signal?: AbortSignal,
  ): Promise<Stored<Group>>;
  /** Refuses while points exist, unless `deletePoints`, which deletes them and their data first; audited. */
  deleteGroup(name: string, options: GroupRemoval): Promise<void>;
  groupStatus(name: string, read?: ReadOptions): Promise<GroupStatus>;
  listGroupStatus(read?: ReadOptions): Promise<readonly GroupStatus[]>;
  /** Starts a session now, or joins the one under way. Throws `group.failed-over`, `group.paused`. */
  syncGroup(name: string): Promise<SessionSummary>;
  session(
    group: string,
    id: string,
    read?: ReadOptions,
  ): Promise<{ readonly summary: SessionSummary; readonly progress: ProgressSnapshot | null }>;

  /** Newest first, each with the reasons for which retention keeps it. */
  listPoints(group: string, read?: ReadOptions): Promise<readonly ListedPoint[]>;
  /** Keeps the point from being expired until it is let go; audited, like all that let go. */
  holdPoint(group: string, point: string, reason: string): Promise<void>;
  releasePoint(group: string, point: string, reason: string): Promise<void>;
  /** What happened to the resource in the source is as it should be. Throws `group.nothing-to-release`. */
  releaseResource(group: string, resource: string, reason: string): Promise<void>;
  getPoint(
    group: string,
    point: string,
    read?: ReadOptions,
  ): Promise<{ readonly point: RecoveryPoint; readonly manifest: PointManifest }>;
  verifyPoint(
    group: string,
    point: string,
    depth: Depth,
    signal?: AbortSignal,
  ): Promise<RecoveryPoint>;
  /** Refuses the newest proven point and one that an execution uses; audited. */
  deletePoint(group: string, point: string, reason?: string): Promise<void>;

  /** Banks in the secondaries, and the installation that writes into them. */
  readonly banks: BankService;

  listRunbooks(): readonly {
    readonly name: string;
    readonly mode: string;
    readonly description: string;
    readonly params: Readonly<Record<string, string>>;
  }[];
  listExecutions(group?: string, read?: ReadOptions): Promise<readonly Execution[]>;
  getExecution(id: string, read?: ReadOptions): Promise<Execution>;
  readonly runner: Runner;

  /** Newest first. */
  listAudit(read?: ReadOptions): Promise<readonly StoredAudit[]>;

  cluster(read?: ReadOptions): Promise<ClusterStatus>;
  readiness(): Readiness;
  figures(): ControllerFigures;
}
