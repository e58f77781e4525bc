import { executionModes } from '../../runbooks/execution/types.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { MirrorSet } from '../mirror/mirror-set.ts';
import type { Group, GroupStatus, ProtectionPolicy, Stored } from '../model/types.ts';
import { standingOf } from '../replication/standing.ts';
import type { Supervisor } from '../replication/supervisor.ts';
import { groupOf, restoreRegion } from '../state/groups.ts';
import { keys } from '../state/keys.ts';
import type { LatestSession } from '../state/records.ts';
import { notFound } from '../state/refusals.ts';
import type { ReadOptions, Store } from '../store/store.ts';
import { readView, type StateView } from './state-view.ts';
import { statusOf } from './status.ts';

export interface OverviewDeps {
  readonly store: Pick<Store, 'page'>;
  /** What is in memory, and how far it is. */
  readonly memory: StateView;
  readonly mirrors: Pick<MirrorSet, 'isFilled' | 'catchUp'>;
  readonly supervisor: Pick<Supervisor, 'nextSessionMs' | 'progress'>;
  readonly clock: Clock;
}

/**
 * Policies, groups and how they stand. From memory, so that a group at rest costs nothing but being
 * shown, however often it is asked for; from the store when `linearizable` is asked for, and until
 * the memory is filled.
 */
export class Overview {
  readonly #deps: OverviewDeps;

  constructor(deps: OverviewDeps) {
    this.#deps = deps;
  }

  async policies(read?: ReadOptions): Promise<readonly Stored<ProtectionPolicy>[]> {
    const view = await this.#view(read);
    const names = [...view.policies.values()].map(({ name }) => name).sort();
    return names.flatMap((name) => policyIn(view, name) ?? []);
  }

  async policy(name: string, read?: ReadOptions): Promise<Stored<ProtectionPolicy>> {
    const found = policyIn(await this.#view(read, name), name);
    if (found === null) throw notFound('policy', name);
    return found;
  }

  async groups(read?: ReadOptions): Promise<readonly Stored<Group>[]> {
    const view = await this.#view(read);
    return namesIn(view).flatMap((name) => groupIn(view, name) ?? []);
  }

  async group(name: string, read?: ReadOptions): Promise<Stored<Group>> {
    const found = groupIn(await this.#view(read, name), name);
    if (found === null) throw notFound('group', name);
    return found;
  }

  async statuses(read?: ReadOptions): Promise<readonly GroupStatus[]> {
    const view = await this.#view(read);
    return namesIn(view).flatMap((name) => this.#statusIn(view, name) ?? []);
  }

  async status(name: string, read?: ReadOptions): Promise<GroupStatus> {
    const found = this.#statusIn(await this.#view(read, name), name);
    if (found === null) throw notFound('group', name);
    return found;
  }

  /** The unfinished or newest session of the group; null before the first. */
  async latest(group: string, read?: ReadOptions): Promise<LatestSession | null> {
    const view = await this.#view(read, group);
    if (groupIn(view, group) === null) throw notFound('group', group);
    return view.latest.get(keys.latest(group)) ?? null;
  }

  async #view(read?: ReadOptions, group?: string): Promise<StateView> {
    const { store, memory, mirrors } = this.#deps;
    if (read?.consistency === 'linearizable') return readView(store, 'linearizable', group);
    if (!mirrors.isFilled) return readView(store, 'local', group);
    await mirrors.catchUp();
    return memory;
  }

  /** Null for one that is not, or not wholly, there. */
  #statusIn(view: StateView, name: string): GroupStatus | null {
    const record = view.groups.get(keys.group(name));
    const head = view.heads.get(keys.head(name));
    const group = groupIn(view, name);
    if (record === undefined || head === undefined || group === null) return null;
    const policy = view.policies.get(keys.policy(record.spec.policy));
    if (policy === undefined) return null;
    const session = view.latest.get(keys.latest(name)) ?? null;
    const standing = standingOf(record, head, policy, session);
    return statusOf({
      group: group.value,
      head,
      policy,
      points: view.tallies.of(name),
      changes: view.changes.get(keys.changes(name))?.changes ?? [],
      session,
      progress: session === null ? null : this.#deps.supervisor.progress(name, session.id),
      scrub: view.scrubs.get(keys.scrub(name, restoreRegion(head))) ?? null,
      rto: view.rto.get(keys.rto(name)) ?? null,
      executions: executionModes.flatMap(
        (mode) => view.executions.get(keys.newestExecution(name, mode)) ?? [],
      ),
      nextSessionMs: this.#deps.supervisor.nextSessionMs(name, standing),
      nowMs: this.#deps.clock.now(),
    });
  }
}

/** In the order of their keys. */
function namesIn(view: StateView): readonly string[] {
  return [...view.groups.values()].map(({ spec }) => spec.name).sort();
}

function policyIn(view: StateView, name: string): Stored<ProtectionPolicy> | null {
  const value = view.policies.get(keys.policy(name));
  const revision = view.policies.modRevisionOf(keys.policy(name));
  return value === undefined || revision === undefined ? null : { value, revision };
}

function groupIn(view: StateView, name: string): Stored<Group> | null {
  const record = view.groups.get(keys.group(name));
  const revision = view.groups.modRevisionOf(keys.group(name));
  const head = view.heads.get(keys.head(name));
  if (record === undefined || revision === undefined || head === undefined) return null;
  return { value: groupOf(record, head, view.members.get(keys.members(name))), revision };
}
