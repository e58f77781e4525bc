import type { Clock } from '../../kernel/clock.ts';
import { noProgress } from '../../kernel/progress.ts';
import type { Depth } from '../../replicator/mover.ts';
import { newestFirst as newestPointsFirst } from '../../replicator/point/choose.ts';
import { readManifest } from '../../replicator/point/read-manifest.ts';
import type { PointManifest, RecoveryPoint } from '../../replicator/point/types.ts';
import type { Control } from '../../runbooks/control.ts';
import type { Execution } from '../../runbooks/execution/types.ts';
import { describeParams } from '../../runbooks/plan.ts';
import { plans } from '../../runbooks/plans/index.ts';
import type { Runner } from '../../runbooks/runner.ts';
import type { MirrorSet } from '../mirror/mirror-set.ts';
import type { Reads } from '../mirror/reads.ts';
import type { ClusterStatus, ControllerFigures, Readiness } from '../model/controller-status.ts';
import type {
  Group,
  GroupSpec,
  GroupStatus,
  ProtectionPolicy,
  SessionSummary,
  Stored,
} from '../model/types.ts';
import { clusterKeys } from '../raft/keys.ts';
import type { ControllerService, GroupRemoval, Precondition, StoredAudit } from '../service.ts';
import { readGroup } from '../state/groups.ts';
import { newestFirst } from '../state/journal.ts';
import { keys } from '../state/keys.ts';
import { notFound, refused } from '../state/refusals.ts';
import { summarize } from '../state/summary.ts';
import type { ReadOptions } from '../store/store.ts';
import { applyGroup } from './apply-group.ts';
import { Keeping, type ListedPoint } from './keeping.ts';
import type { BankService } from './bank-types.ts';
import { Banks } from './banks.ts';
import { Overview, type OverviewDeps } from './overview.ts';
import { Policies } from './policies.ts';
import { ReadinessReport, type ReadinessDeps } from './readiness.ts';
import { RegionHealth } from './region-health.ts';
import { deleteGroup, deletePoint, type RemoveDeps } from './remove.ts';
import { shownSession } from './status.ts';

export interface ServiceDeps
  extends RemoveDeps, Pick<OverviewDeps, 'memory'>, Omit<ReadinessDeps, 'health' | 'mirrors'> {
  readonly clock: Clock;
  readonly control: Control;
  readonly runner: Runner;
  readonly mirrors: MirrorSet;
  /** Of what is not in memory. */
  readonly reads: Reads;
  /** Aborts what was begun for callers that gave no signal of their own, when the process stops. */
  readonly stopping: AbortSignal;
}

/** The one place that users' orders come to; each is carried out in a file of its own beside this. */
export class StoreControllerService implements ControllerService {
  readonly runner: Runner;
  readonly banks: BankService;
  readonly #deps: ServiceDeps;
  readonly #policies: Policies;
  readonly #health: RegionHealth;
  readonly #overview: Overview;
  readonly #keeping: Keeping;
  readonly #readiness: ReadinessReport;

  constructor(deps: ServiceDeps) {
    this.#deps = deps;
    this.runner = deps.runner;
    this.banks = new Banks(deps);
    this.#policies = new Policies(deps.store, deps.sites);
    this.#health = new RegionHealth(deps.sites, deps.clock);
    this.#overview = new Overview(deps);
    this.#keeping = new Keeping(deps);
    this.#readiness = new ReadinessReport({ ...deps, health: () => deps.store.health() });
  }

  listRegions() {
    return this.#health.read();
  }

  knownRegions() {
    return this.#health.known();
  }

  listPolicies(read?: ReadOptions): Promise<readonly Stored<ProtectionPolicy>[]> {
    return this.#overview.policies(read);
  }

  getPolicy(name: string, read?: ReadOptions): Promise<Stored<ProtectionPolicy>> {
    return this.#overview.policy(name, read);
  }

  async applyPolicy(
    policy: ProtectionPolicy,
    precondition?: Precondition,
  ): Promise<Stored<ProtectionPolicy>> {
    const stored = await this.#policies.apply(policy, precondition);
    this.#deps.supervisor.poke();
    return stored;
  }

  deletePolicy(name: string, precondition?: Precondition): Promise<void> {
    return this.#policies.delete(name, precondition);
  }

  listGroups(read?: ReadOptions): Promise<readonly Stored<Group>[]> {
    return this.#overview.groups(read);
  }

  getGroup(name: string, read?: ReadOptions): Promise<Stored<Group>> {
    return this.#overview.group(name, read);
  }

  async applyGroup(
    spec: GroupSpec,
    precondition?: Precondition,
    signal?: AbortSignal,
  ): Promise<Stored<Group>> {
    const stored = await applyGroup(spec, precondition, this.#deps, this.#within(signal));
    this.#deps.supervisor.poke();
    return stored;
  }

  deleteGroup(name: string, options: GroupRemoval): Promise<void> {
    return deleteGroup(name, options, this.#deps, this.#deps.stopping);
  }

  groupStatus(name: string, read?: ReadOptions): Promise<GroupStatus> {
    return this.#overview.status(name, read);
  }

  listGroupStatus(read?: ReadOptions): Promise<readonly GroupStatus[]> {
    return this.#overview.statuses(read);
  }

  async syncGroup(name: string): Promise<SessionSummary> {
    const { record, head } = await readGroup(this.#deps.store, name);
    if (head.value.failedOver !== undefined)
      throw refused(
        'group.failed-over',
        'replicate group',
        name,
        `it runs in ${head.value.primary} since its failover`,
        'nothing replicates it until it is reprotected',
      );
    if (record.value.spec.paused)
      throw refused(
        'group.paused',
        'replicate group',
        name,
        'it is paused',
        'apply it with paused: false first',
      );
    return summarize(await this.#deps.supervisor.sync(name));
  }

  async session(group: string, id: string, read?: ReadOptions) {
    const newest = await this.#overview.latest(group, read);
    const progress = this.#deps.supervisor.progress(group, id);
    if (newest?.id === id) return { summary: shownSession(newest), progress };
    const past = await this.#deps.reads.get(keys.history(group, id), read);
    if (past === null)
      throw notFound('session', `${group}/${id}`, 'sessions before the newest 20 are forgotten');
    return { summary: shownSession(past.value), progress: null };
  }

  async listPoints(group: string, read?: ReadOptions): Promise<readonly ListedPoint[]> {
    const { spec } = (await this.#overview.group(group, read)).value;
    const policy = (await this.#overview.policy(spec.policy, read)).value;
    const entries = await this.#deps.reads.range(keys.point(group), read);
    const points = newestPointsFirst(entries.map(({ value }) => value));
    return this.#keeping.withReasons(group, points, policy, read);
  }

  holdPoint(group: string, point: string, reason: string): Promise<void> {
    return this.#keeping.holdPoint(group, point, reason);
  }

  releasePoint(group: string, point: string, reason: string): Promise<void> {
    return this.#keeping.releasePoint(group, point, reason);
  }

  releaseResource(group: string, resource: string, reason: string): Promise<void> {
    return this.#keeping.releaseResource(group, resource, reason);
  }

  async getPoint(
    group: string,
    point: string,
    read?: ReadOptions,
  ): Promise<{ readonly point: RecoveryPoint; readonly manifest: PointManifest }> {
    await this.#overview.group(group, read);
    const found = await this.#deps.reads.get(keys.point(group, point), read);
    if (found === null)
      throw notFound(
        'point',
        `${group}/${point}`,
        `farshore point list ${group} shows what there is`,
      );
    const { sites, stopping } = this.#deps;
    const bank = await sites.bank(found.value.region, stopping);
    return { point: found.value, manifest: await readManifest(bank, found.value, stopping) };
  }

  async verifyPoint(
    group: string,
    point: string,
    depth: Depth,
    signal?: AbortSignal,
  ): Promise<RecoveryPoint> {
    await readGroup(this.#deps.store, group);
    return this.#deps.control.verifyPoint(group, point, depth, noProgress, this.#within(signal));
  }

  deletePoint(group: string, point: string, reason = ''): Promise<void> {
    return deletePoint(group, point, reason, this.#deps, this.#deps.stopping);
  }

  listRunbooks() {
    return plans.map((plan) => {
      const { name, mode, description } = plan;
      return { name, mode, description, params: describeParams(plan) };
    });
  }

  async listExecutions(group?: string, read?: ReadOptions): Promise<readonly Execution[]> {
    const entries = await this.#deps.reads.range(keys.execution(), read);
    const all = entries.map(({ value }) => value).toSorted(newestFirst);
    return group === undefined ? all : all.filter((execution) => execution.group === group);
  }

  async getExecution(id: string, read?: ReadOptions): Promise<Execution> {
    const entry = await this.#deps.reads.get(keys.execution(id), read);
    if (entry === null) throw notFound('execution', id);
    return entry.value;
  }

  async listAudit(read?: ReadOptions): Promise<readonly StoredAudit[]> {
    const prefix = keys.audit().path;
    const records = await this.#deps.reads.range(keys.audit(), read);
    return records
      .map(({ path, value }) => ({ id: path.slice(prefix.length), ...value }))
      .toReversed();
  }

  async cluster(read?: ReadOptions): Promise<ClusterStatus> {
    const epoch = await this.#deps.reads.get(clusterKeys.epoch, read);
    return this.#readiness.cluster(epoch?.value.epoch ?? 0);
  }

  readiness(): Readiness {
    return this.#readiness.readiness();
  }

  figures(): ControllerFigures {
    return this.#readiness.figures();
  }

  #within(signal: AbortSignal | undefined): AbortSignal {
    const { stopping } = this.#deps;
    return signal === undefined ? stopping : AbortSignal.any([stopping, signal]);
  }
}
