import type { Ambient } from '../../kernel/ambient.ts';
import { noProgress } from '../../kernel/progress.ts';
import type { Depth } from '../../replicator/mover.ts';
import type { PointManifest, RecoveryPoint } from '../../replicator/point/types.ts';
import type { Control } from '../../runbooks/control.ts';
import type { Execution } from '../../runbooks/execution/types.ts';
import { describeParams } from '../../runbooks/plan.ts';
import { plans } from '../../runbooks/plans/index.ts';
import type { Runner } from '../../runbooks/runner.ts';
import type {
  Group,
  GroupSpec,
  GroupStatus,
  ProtectionPolicy,
  SessionSummary,
  Stored,
} from '../model/types.ts';
import { standingOf } from '../replication/standing.ts';
import type { ControllerService, Precondition } from '../service.ts';
import { groupView, readGroup } from '../state/groups.ts';
import { keys } from '../state/keys.ts';
import { notFound, refused } from '../state/refusals.ts';
import { summarize } from '../state/summary.ts';
import { applyGroup } from './apply-group.ts';
import { Policies } from './policies.ts';
import { RegionHealth } from './region-health.ts';
import { deleteGroup, deletePoint, type RemoveDeps } from './remove.ts';
import { statusOf } from './status.ts';

export interface ServiceDeps extends RemoveDeps {
  readonly ambient: Ambient;
  readonly control: Control;
  readonly runner: Runner;
  readonly isReady: () => boolean;
  /** Aborts what was begun for callers that gave no signal of their own, when the process stops. */
  readonly stopping: AbortSignal;
}

/** The one place that users' orders come to; each is carried out in a file of its own beside this. */
export class StoreControllerService implements ControllerService {
  readonly runner: Runner;
  readonly #deps: ServiceDeps;
  readonly #policies: Policies;
  readonly #health: RegionHealth;

  constructor(deps: ServiceDeps) {
    this.#deps = deps;
    this.runner = deps.runner;
    this.#policies = new Policies(deps.store, deps.sites);
    this.#health = new RegionHealth(deps.sites, deps.clock);
  }

  listRegions() {
    return this.#health.read();
  }

  listPolicies(): Promise<readonly Stored<ProtectionPolicy>[]> {
    return this.#policies.list();
  }

  getPolicy(name: string): Promise<Stored<ProtectionPolicy>> {
    return this.#policies.get(name);
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

  async listGroups(): Promise<readonly Stored<Group>[]> {
    return Promise.all((await this.#groupNames()).map((name) => this.getGroup(name)));
  }

  async getGroup(name: string): Promise<Stored<Group>> {
    return groupView(this.#deps.store, await readGroup(this.#deps.store, name));
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

  deleteGroup(
    name: string,
    options: { readonly deletePoints: boolean; readonly precondition?: Precondition },
  ): Promise<void> {
    return deleteGroup(name, options, this.#deps, this.#deps.stopping);
  }

  async groupStatus(name: string): Promise<GroupStatus> {
    const { store, ledger, supervisor, clock } = this.#deps;
    const entries = await readGroup(store, name);
    const { record, head } = entries;
    const policy = await store.get(keys.policy(record.value.spec.policy));
    if (policy === null) throw notFound('policy', record.value.spec.policy);
    const session = (await store.get(keys.latest(name)))?.value ?? null;
    const standing = standingOf(record.value, head.value, policy.value, session);
    return statusOf({
      group: (await groupView(store, entries)).value,
      head: head.value,
      policy: policy.value,
      points: await ledger.points(name),
      session,
      rto: (await store.get(keys.rto(name)))?.value ?? null,
      nextSessionMs: supervisor.nextSessionMs(name, standing),
      nowMs: clock.now(),
    });
  }

  async listGroupStatus(): Promise<readonly GroupStatus[]> {
    return Promise.all((await this.#groupNames()).map((name) => this.groupStatus(name)));
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

  async session(group: string, id: string) {
    const { store, ledger, supervisor } = this.#deps;
    await readGroup(store, group);
    const newest = await ledger.session(group);
    const progress = supervisor.progress(group, id);
    if (newest?.id === id) return { summary: summarize(newest), progress };
    const past = await store.get(keys.history(group, id));
    if (past === null)
      throw notFound('session', `${group}/${id}`, 'sessions before the newest 20 are forgotten');
    return { summary: past.value, progress: null };
  }

  async listPoints(group: string): Promise<readonly RecoveryPoint[]> {
    await readGroup(this.#deps.store, group);
    return this.#deps.ledger.points(group);
  }

  async getPoint(
    group: string,
    point: string,
  ): Promise<{ readonly point: RecoveryPoint; readonly manifest: PointManifest }> {
    await readGroup(this.#deps.store, group);
    const found = await this.#deps.store.get(keys.point(group, point));
    if (found === null)
      throw notFound(
        'point',
        `${group}/${point}`,
        `farshore point list ${group} shows what there is`,
      );
    const manifest = await this.#deps.control.manifest(group, point, this.#deps.stopping);
    return { point: found.value, manifest };
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

  deletePoint(group: string, point: string): Promise<void> {
    return deletePoint(group, point, this.#deps, this.#deps.stopping);
  }

  listRunbooks() {
    return plans.map((plan) => {
      const { name, mode, description } = plan;
      return { name, mode, description, params: describeParams(plan) };
    });
  }

  listExecutions(group?: string): Promise<readonly Execution[]> {
    return this.#deps.journal.list(group === undefined ? {} : { group });
  }

  async getExecution(id: string): Promise<Execution> {
    const execution = await this.#deps.journal.load(id);
    if (execution === null) throw notFound('execution', id);
    return execution;
  }

  ready(): boolean {
    return this.#deps.isReady();
  }

  async #groupNames(): Promise<readonly string[]> {
    const groups = await this.#deps.store.range(keys.group());
    return groups.map(({ value }) => value.spec.name);
  }

  #within(signal: AbortSignal | undefined): AbortSignal {
    const { stopping } = this.#deps;
    return signal === undefined ? stopping : AbortSignal.any([stopping, signal]);
  }
}
