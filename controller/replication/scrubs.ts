import type { Claims, Cluster } from '../cluster/types.ts';
import type { Mirror } from '../mirror/mirror.ts';
import { hasPoints, type PointTallies } from '../mirror/point-tallies.ts';
import { restoreRegion } from '../state/groups.ts';
import { keys } from '../state/keys.ts';
import type {
  ActiveExecutions,
  GroupHead,
  GroupRecord,
  LatestSession,
  ScrubRecord,
} from '../state/records.ts';
import { isEnded } from '../../replicator/session/state.ts';
import type { ProtectionPolicy } from '../../replicator/policy.ts';
import { scrubDue } from './scrub-due.ts';
import { scrubGroup, type ScrubWorkDeps } from './scrub-work.ts';

type Kept<T> = Pick<Mirror<T, T>, 'get' | 'values' | 'onChange'>;

export interface ScrubsDeps extends ScrubWorkDeps {
  readonly cluster: Pick<Cluster, 'isTurn' | 'isYielding' | 'onChange'>;
  readonly claims: Pick<Claims, 'take'>;
  /** How groups stand, in memory: a group at rest costs no request. */
  readonly memory: {
    readonly policies: Kept<ProtectionPolicy>;
    readonly groups: Kept<GroupRecord>;
    readonly heads: Kept<GroupHead>;
    readonly latest: Kept<LatestSession>;
    readonly active: Kept<ActiveExecutions>;
    readonly scrubs: Kept<ScrubRecord>;
    readonly tallies: Pick<PointTallies, 'of'>;
  };
}

interface Running {
  readonly group: string;
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

/** A group whose copies are to be read now. */
interface Due {
  readonly group: string;
  readonly region: string;
  readonly deadlineMs: number;
}

const everyMs = 30_000;
/** Others of the region that are due sooner come first after so long. */
const turnMs = 900_000;
/** What cannot be read now is tried again ever more seldom. */
const firstRestMs = 60_000;
const longestRestMs = 3_600_000;

/**
 * Reads all copies again in the background, each group's within its policy's period: of each region one
 * group at a time, the one whose deadline is next, by the controller whose turn the group is. It holds the
 * claim of the group's session, so that nothing is deleted under it, and gives it back at once to whoever
 * wants the group: a session, an execution, a deletion. How far it is lies in the store: killed or broken
 * off, the next goes on from there.
 */
export class Scrubs {
  readonly #deps: ScrubsDeps;
  readonly #stopping = new AbortController();
  /** By region. */
  readonly #running = new Map<string, Running>();
  /** By group: when it is tried again, by the monotonic clock, and after how long a rest. */
  readonly #rests = new Map<string, { readonly untilMs: number; readonly restMs: number }>();
  /** Groups of which it was said that they cannot be read. */
  readonly #failing = new Set<string>();
  #unlisten: readonly (() => void)[] = [];
  #wake = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(deps: ScrubsDeps) {
    this.#deps = deps;
  }

  start(): void {
    const { cluster, memory } = this.#deps;
    const { active, latest, heads, policies } = memory;
    this.#unlisten = [
      cluster.onChange(() => this.#heard()),
      ...[active, latest, heads, policies].map((mirror: Pick<Kept<unknown>, 'onChange'>) =>
        mirror.onChange(() => this.#heard()),
      ),
    ];
    this.#loop = this.#go(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    for (const stop of this.#unlisten) stop();
    this.#stopping.abort();
    this.#wake.abort();
    for (const { stop } of this.#running.values()) stop.abort();
    await this.#loop;
    await this.#settled();
  }

  /** Resolves when nothing is read of the group here any more, and its claim is given back. */
  async makeWay(group: string): Promise<void> {
    // Until what comes now is seen here.
    this.#rest(group, everyMs);
    const own = [...this.#running.values()].filter((each) => each.group === group);
    for (const { stop } of own) stop.abort();
    await Promise.all(own.map(({ done }) => done));
  }

  /** Begins what is due and may be done now. */
  look(): void {
    const byRegion = Map.groupBy(this.#due(), ({ region }) => region);
    for (const [region, due] of byRegion) {
      if (this.#running.has(region) || this.#stopping.signal.aborted) continue;
      const [next] = due.toSorted((a, b) => a.deadlineMs - b.deadlineMs);
      if (next !== undefined) this.#launch(next);
    }
  }

  /** All that is under way has ended. */
  async #settled(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  async #go(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#deps.ambient;
    for (;;) {
      const wake = this.#wake.signal;
      try {
        await clock.sleep(everyMs, wake);
      } catch (error) {
        if (!wake.aborted) throw error;
      }
      if (signal.aborted) return;
      this.#wake = new AbortController();
      try {
        this.look();
      } catch (error) {
        log.error('what is to be read again cannot be told', { error });
      }
    }
  }

  /** Somebody came, went, or wants a group: whoever must not go on ends, and what is next is looked for. */
  #heard(): void {
    for (const { group, stop } of this.#running.values()) if (!this.#isFree(group)) stop.abort();
  }

  #due(): readonly Due[] {
    const { memory, ambient } = this.#deps;
    const due: Due[] = [];
    for (const { spec, createdAt } of memory.groups.values()) {
      const group = spec.name;
      const head = memory.heads.get(keys.head(group));
      const policy = memory.policies.get(keys.policy(spec.policy));
      if (head === undefined || policy === undefined) continue;
      if (!hasPoints(memory.tallies.of(group)) || !this.#isFree(group)) continue;
      if (this.#restMs(group) > 0) continue;
      const region = restoreRegion(head);
      const record = memory.scrubs.get(keys.scrub(group, region)) ?? null;
      const { periodSeconds } = policy.verification;
      const next = scrubDue({ periodSeconds, createdAt, record }, ambient.clock.now());
      if (next.type === 'read') due.push({ group, region, deadlineMs: next.deadlineMs });
    }
    return due;
  }

  /** Its policy wants it, it is this controller's turn, and nobody else has anything to do with the group now. */
  #isFree(group: string): boolean {
    const { cluster, memory } = this.#deps;
    const head = memory.heads.get(keys.head(group));
    const policy = memory.policies.get(
      keys.policy(memory.groups.get(keys.group(group))?.spec.policy),
    );
    if (head === undefined || policy === undefined || cluster.isYielding(group)) return false;
    if (policy.verification.periodSeconds === null) return false;
    const session = memory.latest.get(keys.latest(group));
    if (session !== undefined && !isEnded(session.phase)) return false;
    const active = memory.active.get(keys.active(group))?.executions ?? [];
    return active.length === 0 && cluster.isTurn(group, [head.secondary, head.primary]);
  }

  #launch(due: Due): void {
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, this.#stopping.signal]);
    const done = this.#work(due, stop, signal).finally(() => {
      this.#running.delete(due.region);
      this.#wake.abort();
    });
    this.#running.set(due.region, { group: due.group, stop, done });
  }

  /** Never rejects: what comes of it is in the store, or said in the log. */
  async #work({ group, region }: Due, stop: AbortController, signal: AbortSignal): Promise<void> {
    const { claims, ambient } = this.#deps;
    const startMs = ambient.clock.monotonicMs();
    const lost = () => stop.abort();
    try {
      const claim = await claims.take('session', group);
      if (claim === null) {
        this.#rest(group, everyMs);
        return;
      }
      claim.lost.addEventListener('abort', lost);
      if (claim.lost.aborted) lost();
      try {
        const isOver = () =>
          ambient.clock.monotonicMs() - startMs > turnMs && this.#isOvertaken(group, region);
        await scrubGroup(group, { claim, isOver, signal }, this.#deps);
      } finally {
        claim.lost.removeEventListener('abort', lost);
        await claim.release();
      }
      this.#failing.delete(group);
      this.#rests.delete(group);
    } catch (error) {
      if (signal.aborted) return;
      this.#failed(group, region, error);
    }
  }

  /** Said once, and then only as information, until it goes on again. */
  #failed(group: string, region: string, error: unknown): void {
    const { log } = this.#deps.ambient;
    const fields = { group, region, error };
    if (this.#failing.has(group)) log.info('copies cannot be read again yet', fields);
    else log.warn('copies cannot be read again now', fields);
    const before = this.#failing.has(group) ? this.#rests.get(group)?.restMs : undefined;
    this.#failing.add(group);
    this.#rest(group, Math.min(longestRestMs, (before ?? firstRestMs / 2) * 2));
  }

  #rest(group: string, restMs: number): void {
    this.#rests.set(group, { untilMs: this.#deps.ambient.clock.monotonicMs() + restMs, restMs });
  }

  #restMs(group: string): number {
    const untilMs = this.#rests.get(group)?.untilMs ?? -Infinity;
    return untilMs - this.#deps.ambient.clock.monotonicMs();
  }

  #isOvertaken(group: string, region: string): boolean {
    const due = this.#due().filter((each) => each.region === region);
    const own = due.find((each) => each.group === group)?.deadlineMs ?? Infinity;
    return due.some((each) => each.group !== group && each.deadlineMs < own);
  }
}
