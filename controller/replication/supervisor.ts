import { type Clock, isoTime } from '../../kernel/clock.ts';
import { FarshoreError } from '../../kernel/errors.ts';
import { isEnded } from '../../replicator/session/state.ts';
import { nextRun } from '../../replicator/schedule/next-run.ts';
import type { ProgressSnapshot } from '../../replicator/session/meter.ts';
import type { Session } from '../../replicator/session/types.ts';
import type { Claims, Cluster } from '../cluster/types.ts';
import { keys } from '../state/keys.ts';
import { put, type Store } from '../store/store.ts';
import { dueOf, type Due } from './due.ts';
import { SessionWork, type SessionWorkDeps } from './session-work.ts';
import type { Standing } from './standing.ts';
import { sessionChanged } from './standings.ts';

export interface SupervisorDeps extends SessionWorkDeps {
  readonly store: Store;
  readonly cluster: Pick<Cluster, 'isTurn' | 'isYielding' | 'onChange'>;
  readonly claims: Pick<Claims, 'take' | 'insist'>;
  /** Groups that are replicated at once by this controller. */
  readonly sessionsAtOnce: number;
  /** How long a session keeps its place while others wait for one; a quarter of an hour unless given. */
  readonly turnMs?: number;
  /** A defect: nothing more is done by this process. */
  readonly onFailure: (error: unknown) => void;
}

interface Running {
  readonly work: SessionWork;
  /** By the monotonic clock. */
  readonly sinceMs: number;
  readonly done: Promise<void>;
}

/** A wall clock that moved less than this against the monotonic one was not set, it drifts. */
const driftMs = 5_000;
/** Nothing tells of time passing but the next due time; this is how far a clock may be set in between. */
const longestSleepMs = 30_000;
/** A session that begins while its change is on its way here is found by asking. */
const askAgainMs = 1_000;
const quarterMs = 900_000;
/** However often it had to give up its place, a session gets it for no longer than this. */
const longestTurnMs = 24 * 3_600_000;
/** How long a session that somebody wants now may take to begin, by whichever controller. */
const beginMs = 30_000;

/**
 * Decides which group this controller works on when: one session a group, held by a claim, and so
 * many at once. It keeps nothing that counts in memory: what is due follows from the stored sessions,
 * so that a restart, or another controller, goes on where the last one stood, unfinished sessions
 * first. Groups that are not due cost no request: how they stand is known from mirrors.
 */
export class Supervisor {
  readonly #deps: SupervisorDeps;
  readonly #running = new Map<string, Running>();
  readonly #blocked = new Set<string>();
  /** By the monotonic clock. */
  readonly #restsUntilMs = new Map<string, number>();
  /**
   * Groups whose session had to give up its place to others, how often, and when last: they come after
   * those that wait, and keep the next place twice as long, so that what cannot be taken up in its
   * middle gets done all the same.
   */
  readonly #preempted = new Map<string, { readonly times: number; readonly atMs: number }>();
  /** Jitter is drawn once for each standing, whichever object says it, until somebody sets the clock. */
  readonly #due = new Map<string, { readonly standing: string; readonly due: Due }>();
  #dueOfSeen = new WeakMap<Standing, Due>();
  #clockMs: number;
  readonly #stopping = new AbortController();
  #unlisten: readonly (() => void)[] = [];
  #wake = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(deps: SupervisorDeps) {
    this.#deps = deps;
    this.#clockMs = aheadMs(deps.ambient.clock);
  }

  /** Unfinished sessions whose turn it is are under way when this returns, as far as there is room. */
  start(): void {
    const { cluster, standings, onFailure } = this.#deps;
    this.#unlisten = [cluster.onChange(() => this.#heard()), standings.onChange(() => this.poke())];
    this.#loop = this.#go(this.#tick()).catch((error: unknown) => {
      if (!this.#stopping.signal.aborted) onFailure(error);
    });
  }

  /** Aborts what is under way; the sessions stay as they were saved, for the next that has the claim. */
  async stop(): Promise<void> {
    for (const stop of this.#unlisten) stop();
    this.#stopping.abort();
    this.#wake.abort();
    for (const { work } of this.#running.values()) work.abort();
    await this.#loop;
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  /** Something changed that may make a group due. */
  poke(): void {
    this.#wake.abort();
  }

  /**
   * The session under way, or one that begins now, by whichever controller's turn it is; it runs as
   * soon as there is room. Throws `session.not-begun` (transient) when none began within 30 s: it
   * stays wanted.
   */
  async sync(group: string): Promise<Session> {
    const { store, ledger, ambient } = this.#deps;
    const before = await ledger.session(group);
    this.#restsUntilMs.delete(group);
    this.poke();
    if (before !== null && !isEnded(before.phase)) return before;
    const wish = { at: isoTime(ambient.clock.now()) };
    await store.transact([], [put(keys.wanted(group), wish)]);
    const endMs = ambient.clock.monotonicMs() + beginMs;
    while (ambient.clock.monotonicMs() < endMs) {
      const { signal } = this.#stopping;
      await sessionChanged(this.#deps.standings, group, askAgainMs, ambient.clock, signal);
      const session = await ledger.session(group);
      if (session !== null && session.id !== before?.id) return session;
    }
    throw notBegun(group);
  }

  /**
   * Breaks the group's session off, wherever it runs, and keeps the group at rest meanwhile. The
   * signal that `work` is given aborts too when the claim is lost: the group may be another's then,
   * and stays so when this controller has a lease again.
   */
  async exclusively<T>(
    group: string,
    signal: AbortSignal,
    work: (alone: AbortSignal) => Promise<T>,
  ): Promise<T> {
    this.#blocked.add(group);
    try {
      const running = this.#running.get(group);
      running?.work.abort();
      await running?.done;
      const claim = await this.#deps.claims.insist(group, signal);
      try {
        return await work(AbortSignal.any([signal, claim.lost]));
      } finally {
        await claim.release();
      }
    } finally {
      this.#blocked.delete(group);
      this.poke();
    }
  }

  /** Of sessions that run in this controller. */
  progress(group: string, session: string): ProgressSnapshot | null {
    return this.#running.get(group)?.work.progress(session) ?? null;
  }

  /** Milliseconds since the epoch; of a session under way, when the one after it is due. */
  nextSessionMs(group: string, standing: Standing): number | null {
    const due = this.#dueOf(group, standing);
    if (due.type === 'never') return null;
    const atMs =
      due.type === 'start'
        ? due.atMs
        : nextRun(standing.policy.schedule, due.since, { next: () => 0, id: () => '' });
    return Number.isFinite(atMs) ? atMs : null;
  }

  async #go(firstPauseMs: number): Promise<void> {
    let pauseMs = firstPauseMs;
    for (;;) {
      await this.#pause(pauseMs);
      if (this.#stopping.signal.aborted) return;
      this.#wake = new AbortController();
      pauseMs = this.#tick();
    }
  }

  /** Controllers came or went, or somebody wants a group to himself. */
  #heard(): void {
    for (const [group, { work }] of this.#running)
      if (this.#deps.cluster.isYielding(group)) work.abort();
    this.poke();
  }

  /** Starts what is due and there is room for; answers for how long nothing else will be. */
  #tick(): number {
    this.#noticeClock();
    const { ambient, standings, sessionsAtOnce } = this.#deps;
    const nowMs = ambient.clock.now();
    const resumes: { group: string; since: number }[] = [];
    const starts: { group: string; atMs: number }[] = [];
    for (const group of standings.groups()) {
      const standing = standings.of(group);
      if (standing === null || this.#running.has(group) || this.#blocked.has(group)) continue;
      const due = this.#dueOf(group, standing);
      if (due.type === 'never') continue;
      const restMs = this.#restMs(group);
      if (restMs > 0) starts.push({ group, atMs: nowMs + restMs });
      else if (due.type === 'resume') resumes.push({ group, since: due.since });
      else if (standings.isWanted(group)) starts.push({ group, atMs: nowMs });
      else starts.push({ group, atMs: due.atMs });
    }
    resumes.sort((a, b) => a.since - b.since);
    starts.sort((a, b) => a.atMs - b.atMs);
    const ready = [...resumes, ...starts.filter(({ atMs }) => atMs <= nowMs)].sort(
      (a, b) => this.#preemptedMs(a.group) - this.#preemptedMs(b.group),
    );
    let room = sessionsAtOnce - this.#busy();
    for (const { group } of ready) {
      if (room <= 0 && !standings.isWanted(group)) continue;
      if (!this.#isOurs(group)) continue;
      this.#launch(group, room <= 0);
      room -= 1;
    }
    if (room <= 0 && ready.some(({ group }) => this.#waits(group))) this.#preempt();
    const next = starts.find(({ atMs }) => atMs > nowMs);
    return Math.min(longestSleepMs, (next?.atMs ?? Infinity) - nowMs);
  }

  #isOurs(group: string): boolean {
    const { cluster, standings } = this.#deps;
    const regions = standings.of(group)?.regions ?? [];
    return !cluster.isYielding(group) && cluster.isTurn(group, regions);
  }

  #waits(group: string): boolean {
    return !this.#running.has(group) && this.#isOurs(group);
  }

  #preemptedMs(group: string): number {
    return this.#preempted.get(group)?.atMs ?? -Infinity;
  }

  /**
   * A region that trickles must not keep the places from all others: the oldest session past its turn makes
   * room. Longer turns has one at a time, or several such regions would keep all places ever longer.
   */
  #preempt(): void {
    const { ambient, turnMs = quarterMs } = this.#deps;
    const nowMs = ambient.clock.monotonicMs();
    const timesOf = (group: string) => this.#preempted.get(group)?.times ?? 0;
    const over = [...this.#running]
      .filter(([, { work }]) => !work.isOnlyBegun)
      .sort(([, a], [, b]) => a.sinceMs - b.sinceMs)
      .find(([group, { sinceMs }], place) => {
        const turns = place === 0 ? 2 ** timesOf(group) : 1;
        return nowMs - sinceMs >= Math.min(longestTurnMs, turnMs * turns);
      });
    if (over === undefined) return;
    const [group, { work }] = over;
    const times = timesOf(group);
    this.#preempted.set(group, { times: times + 1, atMs: nowMs });
    ambient.log.info('session interrupted: others wait for its place', { group, times: times + 1 });
    work.abort();
  }

  #busy(): number {
    return [...this.#running.values()].filter(({ work }) => !work.isOnlyBegun).length;
  }

  /** What was due by a clock that somebody has set since says nothing any more. */
  #noticeClock(): void {
    const clockMs = aheadMs(this.#deps.ambient.clock);
    if (Math.abs(clockMs - this.#clockMs) < driftMs) return;
    this.#clockMs = clockMs;
    this.#due.clear();
    this.#dueOfSeen = new WeakMap();
  }

  #dueOf(group: string, standing: Standing): Due {
    const seen = this.#dueOfSeen.get(standing);
    if (seen !== undefined) return seen;
    const due = this.#dueAnew(group, standing);
    this.#dueOfSeen.set(standing, due);
    return due;
  }

  #dueAnew(group: string, standing: Standing): Due {
    const { isResting, policy, session } = standing;
    const key = JSON.stringify([
      isResting,
      policy.schedule,
      session?.id,
      session?.phase,
      session?.failures,
    ]);
    const known = this.#due.get(group);
    if (known?.standing === key) return known.due;
    const { clock, random } = this.#deps.ambient;
    const due = dueOf(standing, clock.now(), random);
    this.#due.set(group, { standing: key, due });
    return due;
  }

  /** For how much longer the group is left alone. */
  #restMs(group: string): number {
    const untilMs = this.#restsUntilMs.get(group) ?? -Infinity;
    return Math.max(0, untilMs - this.#deps.ambient.clock.monotonicMs());
  }

  #launch(group: string, isOnlyBegun: boolean): void {
    if (this.#stopping.signal.aborted) return;
    const work = new SessionWork(group, isOnlyBegun, this.#deps);
    const sinceMs = this.#deps.ambient.clock.monotonicMs();
    const done = work.toEnd().then((restMs) => {
      this.#running.delete(group);
      if (work.isAtEnd) this.#preempted.delete(group);
      this.#restsUntilMs.set(group, this.#deps.ambient.clock.monotonicMs() + restMs);
      this.poke();
    });
    this.#running.set(group, { work, sinceMs, done });
  }

  async #pause(ms: number): Promise<void> {
    const wake = this.#wake.signal;
    try {
      await this.#deps.ambient.clock.sleep(Math.max(0, ms), wake);
    } catch (error) {
      if (!wake.aborted) throw error;
    }
  }
}

function notBegun(group: string): FarshoreError {
  return new FarshoreError('no controller has begun a session of it yet', {
    code: 'session.not-begun',
    kind: 'transient',
    operation: 'replicate group',
    subject: group,
    hint: 'it begins as soon as one can: farshore status shows the controllers that are there',
  });
}

/** How far the wall clock is ahead of the monotonic one: the same as long as nobody sets it. */
function aheadMs(clock: Clock): number {
  return clock.now() - clock.monotonicMs();
}
