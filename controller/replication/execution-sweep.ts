import type { Ambient } from '../../kernel/ambient.ts';
import { describeError } from '../../kernel/errors.ts';
import { noProgress } from '../../kernel/progress.ts';
import type {
  EndedExecution,
  Mover,
  Movers,
  RegionContext,
  Swept,
} from '../../replicator/mover.ts';
import { endedExecution } from '../../runbooks/execution/ended.ts';
import type { Execution } from '../../runbooks/execution/types.ts';
import type { Claim, Claims, Cluster } from '../cluster/types.ts';
import type { Sites } from '../sites.ts';
import { keys } from '../state/keys.ts';
import type { LateRecord } from '../state/records.ts';
import { type Entry, remove, type Store } from '../store/store.ts';
import { Recurring, Rests } from './recurring.ts';

export interface ExecutionSweepDeps {
  readonly store: Store;
  readonly sites: Sites;
  readonly movers: Movers;
  readonly cluster: Pick<Cluster, 'isTurn'>;
  readonly claims: Pick<Claims, 'take'>;
  readonly ambient: Ambient;
}

/** A minute after the end, then ever more seldom: what comes late comes soon, or not at all. */
const longestRestMs = 6 * 3_600_000;
/** Longer than anything between here and a region keeps a request that nobody waits for. */
const latestMs = 24 * 3_600_000;

/**
 * Deletes, in the background, what requests of an execution made after it had ended: a region carries
 * out what it took, however long ago its sender went away. Every end puts a record into the store, in
 * the same transaction; whichever controller's turn it is looks for a day, and until nothing is left.
 * It holds the execution's claim meanwhile, so that no retry goes on with what is being deleted; it
 * gives it back after each look, and a retry takes it up then. Killed anywhere: the record is still there.
 */
export class ExecutionSweeps extends Recurring {
  readonly #deps: ExecutionSweepDeps;
  /** By the record's path and revision. */
  readonly #rests: Rests;

  constructor(deps: ExecutionSweepDeps) {
    super(deps.ambient, 'what ended executions left cannot be looked for now');
    this.#deps = deps;
    this.#rests = new Rests(deps.ambient.clock, longestRestMs);
  }

  override async look(signal: AbortSignal): Promise<void> {
    const { store, sites, cluster } = this.#deps;
    const all = await store.range(keys.late());
    this.#rests.forgetAllBut(new Set(all.map(idOf)));
    for (const entry of all) {
      const { region } = entry.value;
      if (this.#rests.isResting(idOf(entry)) || !sites.names.includes(region)) continue;
      if (!cluster.isTurn(entry.path, [region])) continue;
      await this.#attempt(entry, signal);
    }
  }

  async #attempt(entry: Entry<LateRecord>, signal: AbortSignal): Promise<void> {
    const { claims, ambient } = this.#deps;
    const id = entry.path.slice(keys.late().path.length);
    this.#rests.rest(idOf(entry));
    try {
      const claim = await claims.take('execution', id);
      if (claim === null) return;
      try {
        await this.#underClaim(id, entry, claim, signal);
      } finally {
        await claim.release();
      }
    } catch (error) {
      signal.throwIfAborted();
      const { region } = entry.value;
      ambient.log.info('what an ended execution left cannot be looked for yet', {
        execution: id,
        region,
        error,
      });
    }
  }

  async #underClaim(
    id: string,
    entry: Entry<LateRecord>,
    claim: Claim,
    signal: AbortSignal,
  ): Promise<void> {
    const { store, ambient } = this.#deps;
    const execution = (await store.get(keys.execution(id)))?.value;
    // Retried: its next end puts the record anew.
    if (execution !== undefined && execution.state !== 'ended') return;
    const within = AbortSignal.any([signal, claim.lost]);
    // Where the clock of its end ran ahead, it is looked for longer.
    const isLatest = ambient.clock.now() - Date.parse(entry.value.endedAt) >= latestMs;
    const left = execution === undefined ? 0 : await this.#sweep(execution, entry.value, within);
    if (left > 0 || !(isLatest || execution === undefined)) return;
    const { path, modRevision } = entry;
    await store.transact([{ path, modRevision }], [remove({ path })]);
  }

  /** How many things are left. */
  async #sweep(
    execution: Execution,
    { region, project }: LateRecord,
    signal: AbortSignal,
  ): Promise<number> {
    const { sites, movers, ambient } = this.#deps;
    const target = await sites.region(region).project(project, signal);
    const at: RegionContext = { target, progress: noProgress, signal };
    const ended = endedExecution(execution);
    let count = 0;
    for (const mover of Object.values(movers)) {
      const { deleted, left } = await this.#sweptBy(mover, ended, at);
      count += left.length;
      if (deleted.length + left.length === 0) continue;
      const found = { execution: execution.id, region, deleted, left };
      ambient.log.info('late requests of an ended execution had left something', found);
    }
    return count;
  }

  /** One service that does not answer keeps nobody from looking in the others. */
  async #sweptBy(mover: Mover, ended: EndedExecution, at: RegionContext): Promise<Swept> {
    try {
      return await mover.sweepExecution(ended, at);
    } catch (error) {
      at.signal.throwIfAborted();
      return { deleted: [], left: [`${mover.kind}: ${describeError(error)}`] };
    }
  }
}

/** One end of one execution: a retry has another. */
function idOf({ path, modRevision }: Entry<unknown>): string {
  return `${path} ${modRevision}`;
}
