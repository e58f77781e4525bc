import type { Ambient } from '../../kernel/ambient.ts';
import type { Movers, SourceSweep } from '../../replicator/mover.ts';
import type { Cluster } from '../cluster/types.ts';
import type { Sites } from '../sites.ts';
import { keys } from '../state/keys.ts';
import type { SweepRecord } from '../state/records.ts';
import { remove, type Store } from '../store/store.ts';
import { Recurring, Rests } from './recurring.ts';

export interface SourceSweepDeps {
  readonly store: Store;
  readonly sites: Sites;
  readonly movers: Movers;
  readonly cluster: Pick<Cluster, 'isTurn'>;
  readonly ambient: Ambient;
  /** Whose things are swept. */
  readonly installation: () => Promise<string>;
}

/** One project of one region that is to be looked through. */
interface Task extends SweepRecord {
  readonly id: string;
  /** Deleted once nothing is left there; a task without follows from a group that was failed over. */
  readonly path: string | null;
}

/** A region that does not answer, or something that cannot be deleted, is tried again ever more seldom. */
const longestRestMs = 3_600_000;

/**
 * Deletes in the primaries, in the background, what no session tidies any more: of groups that were
 * failed over, and of those that were deleted, once the region answers. One controller does it at a time,
 * as whose turn it is; two at once do no harm. What was done is known to this process alone for groups
 * that were failed over: another looks once more, and finds nothing.
 */
export class SourceSweeps extends Recurring {
  readonly #deps: SourceSweepDeps;
  /** By a task's id. */
  readonly #rests: Rests;

  constructor(deps: SourceSweepDeps) {
    super(deps.ambient, 'the primaries cannot be looked through now');
    this.#deps = deps;
    this.#rests = new Rests(deps.ambient.clock, longestRestMs);
  }

  override async look(signal: AbortSignal): Promise<void> {
    const { cluster } = this.#deps;
    for (const task of await this.#tasks()) {
      if (this.#rests.isResting(task.id) || !cluster.isTurn(`sweep ${task.id}`, [task.region]))
        continue;
      await this.#attempt(task, signal);
    }
  }

  async #tasks(): Promise<readonly Task[]> {
    const { store, sites } = this.#deps;
    const tasks: Task[] = [];
    for (const { path, value } of await store.range(keys.sweeps()))
      tasks.push({ ...value, id: path, path });
    for (const { path, value: head } of await store.range(keys.head())) {
      if (head.failedOver === undefined) continue;
      const group = path.slice(keys.head().path.length);
      const record = await store.get(keys.group(group));
      if (record === null) continue;
      const { project } = record.value.spec.source;
      const id = `${path} ${head.generation}`;
      tasks.push({ id, path: null, region: head.failedOver.from, project });
    }
    return tasks.filter(({ region }) => sites.names.includes(region));
  }

  async #attempt(task: Task, signal: AbortSignal): Promise<void> {
    const { store, ambient } = this.#deps;
    const { region, project, id } = task;
    try {
      const left = await this.#sweep(task, signal);
      if (left > 0) this.#rests.rest(id);
      else if (task.path !== null) await store.transact([], [remove({ path: task.path })]);
      else this.#rests.restForGood(id);
    } catch (error) {
      signal.throwIfAborted();
      this.#rests.rest(id);
      ambient.log.info('a primary cannot be looked through yet', { region, project, error });
    }
  }

  /** How many things are left. */
  async #sweep({ region, project }: Task, signal: AbortSignal): Promise<number> {
    const { sites, movers, installation, ambient } = this.#deps;
    const sweep: SourceSweep = {
      source: await sites.region(region).project(project, signal),
      installation: await installation(),
      needs: (group) => this.#needs(group, region),
      signal,
    };
    let count = 0;
    for (const mover of Object.values(movers)) {
      const { deleted, left } = await mover.sweep(sweep);
      count += left.length;
      if (deleted.length + left.length > 0)
        ambient.log.info('primary swept', { region, project, deleted, left });
    }
    return count;
  }

  /** As a majority has it: a group that was just made must not be taken for none. */
  async #needs(group: string, region: string): Promise<'all' | 'base' | 'nothing'> {
    const { store } = this.#deps;
    const head = await store.get(keys.head(group), { consistency: 'linearizable' });
    if (head === null) return 'nothing';
    return head.value.failedOver === undefined && head.value.primary === region ? 'all' : 'base';
  }
}
