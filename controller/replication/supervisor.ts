import type { Ambient } from '../../kernel/ambient.ts';
import { isoTime } from '../../kernel/clock.ts';
import { FarshoreError } from '../../kernel/errors.ts';
import { isEnded } from '../../replicator/session/state.ts';
import { nextRun } from '../../replicator/schedule/next-run.ts';
import type { ProgressSnapshot } from '../../replicator/session/meter.ts';
import type { Ledger, Session } from '../../replicator/session/types.ts';
import type { Claim, Claims, Cluster } from '../cluster/types.ts';
import type { Observer } from '../observer.ts';
import { keys } from '../state/keys.ts';
import { put, type Store } from '../store/store.ts';
import { dueOf, type Due } from './due.ts';
import { SessionProgress } from './progress.ts';
import type { Standing } from './standing.ts';
import type { Standings } from './standings.ts';

export interface SupervisorDeps {
  readonly store: Store;
  readonly ledger: Ledger;
  readonly cluster: Pick<Cluster, 'isTurn' | 'isYielding' | 'onChange'>;
  readonly claims: Pick<Claims, 'take' | 'insist'>;
  readonly standings: Standings;
  readonly ambient: Ambient;
  readonly observer: Observer;
  /** Groups that are replicated at once by this controller. */
  readonly sessionsAtOnce: number;
  /** Saves a new session of the group, see claimSession. */
  readonly begin: (group: string, signal: AbortSignal) => Promise<Session>;
  /** Carries a session to its end, see runSession. */
  readonly run: (
    session: Session,
    progress: SessionProgress,
    signal: AbortSignal,
  ) => Promise<Session>;
  /** A defect, or a store that failed for good: nothing more is done by this process. */
  readonly onFailure: (error: unknown) => void;
}

interface Running {
  readonly controller: AbortController;
  readonly progress: SessionProgress;
  /** Began without room to run: the session is made, and waits for its turn. */
  readonly isOnlyBegun: boolean;
  readonly startMs: number;
  sessionId: string | null;
  done: Promise<void>;
}

/** Nothing tells of time passing but the next due time; this is how far a clock may be set in between. */
const longestSleepMs = 30_000;
/** A session whose run broke off (a defect, a store that did not answer) is left alone for so long. */
const brokenMs = 60_000;
/** Another controller has the claim, or this one has no lease: what changes that is heard of sooner. */
const notTakenMs = 5_000;
/** What was just written is seen here by then, or is read anew. */
const lagMs = 2_000;
/** A session that begins while its change is on its way here is found by asking. */
const askAgainMs = 1_000;
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
  readonly #brokenUntilMs = new Map<string, number>();
  /** Jitter is drawn once for each standing. */
  readonly #due = new Map<string, { readonly standing: string; readonly due: Due }>();
  readonly #stopping = new AbortController();
  #unlisten: readonly (() => void)[] = [];
  #wake = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(deps: SupervisorDeps) {
    this.#deps = deps;
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
    for (const { controller } of this.#running.values()) controller.abort();
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
    this.#brokenUntilMs.delete(group);
    this.poke();
    if (before !== null && !isEnded(before.phase)) return before;
    const wish = { at: isoTime(ambient.clock.now()) };
    await store.transact([], [put(keys.wanted(group), wish)]);
    const endMs = ambient.clock.monotonicMs() + beginMs;
    while (ambient.clock.monotonicMs() < endMs) {
      await this.#changed(group, endMs, this.#stopping.signal);
      const session = await ledger.session(group);
      if (session !== null && session.id !== before?.id) return session;
    }
    throw notBegun(group);
  }

  /** Breaks the group's session off, wherever it runs, and keeps the group at rest meanwhile. */
  async exclusively<T>(group: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    this.#blocked.add(group);
    try {
      const running = this.#running.get(group);
      running?.controller.abort();
      await running?.done;
      const claim = await this.#deps.claims.insist(group, signal);
      try {
        return await work();
      } finally {
        await this.#release(claim);
      }
    } finally {
      this.#blocked.delete(group);
      this.poke();
    }
  }

  /** Of sessions that run in this controller. */
  progress(group: string, session: string): ProgressSnapshot | null {
    const running = this.#running.get(group);
    return running?.sessionId === session ? running.progress.snapshot() : null;
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
    for (const [group, { controller }] of this.#running)
      if (this.#deps.cluster.isYielding(group)) controller.abort();
    this.poke();
  }

  /** Starts what is due and there is room for; answers for how long nothing else will be. */
  #tick(): number {
    const { ambient, standings, sessionsAtOnce } = this.#deps;
    const nowMs = ambient.clock.now();
    const resumes: { group: string; since: number }[] = [];
    const starts: { group: string; atMs: number }[] = [];
    for (const group of standings.groups()) {
      const standing = standings.of(group);
      if (standing === null || this.#running.has(group) || this.#blocked.has(group)) continue;
      const due = this.#dueOf(group, standing);
      const brokenUntilMs = this.#brokenUntilMs.get(group) ?? 0;
      if (due.type === 'never') continue;
      if (brokenUntilMs > nowMs) starts.push({ group, atMs: brokenUntilMs });
      else if (due.type === 'resume') resumes.push({ group, since: due.since });
      else if (standings.isWanted(group)) starts.push({ group, atMs: nowMs });
      else starts.push({ group, atMs: due.atMs });
    }
    resumes.sort((a, b) => a.since - b.since);
    starts.sort((a, b) => a.atMs - b.atMs);
    const ready = [...resumes, ...starts.filter(({ atMs }) => atMs <= nowMs)];
    for (const { group } of ready) {
      if (!this.#isOurs(group)) continue;
      const hasRoom = this.#busy() < sessionsAtOnce;
      if (hasRoom || standings.isWanted(group)) this.#launch(group, !hasRoom);
    }
    const next = starts.find(({ atMs }) => atMs > nowMs);
    return Math.min(longestSleepMs, (next?.atMs ?? Infinity) - nowMs);
  }

  #isOurs(group: string): boolean {
    const { cluster, standings } = this.#deps;
    const regions = standings.of(group)?.regions ?? [];
    return !cluster.isYielding(group) && cluster.isTurn(group, regions);
  }

  #busy(): number {
    return [...this.#running.values()].filter(({ isOnlyBegun }) => !isOnlyBegun).length;
  }

  #dueOf(group: string, standing: Standing): Due {
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
    const due = dueOf(standing, this.#deps.ambient.random);
    this.#due.set(group, { standing: key, due });
    return due;
  }

  #launch(group: string, isOnlyBegun: boolean): void {
    if (this.#stopping.signal.aborted) return;
    const { observer, ambient } = this.#deps;
    const running: Running = {
      controller: new AbortController(),
      progress: new SessionProgress(group, observer, ambient.clock),
      isOnlyBegun,
      startMs: ambient.clock.monotonicMs(),
      sessionId: null,
      done: Promise.resolve(),
    };
    this.#running.set(group, running);
    running.done = this.#work(group, running).finally(() => {
      this.#running.delete(group);
      observer.backlog({ group, bytes: 0 });
      this.poke();
    });
  }

  /** Never rejects: whatever comes of it is in the store or said here. */
  async #work(group: string, running: Running): Promise<void> {
    const { ambient, claims } = this.#deps;
    const { controller } = running;
    const abort = () => controller.abort();
    let claim: Claim | null = null;
    try {
      claim = await claims.take('session', group);
      if (claim === null) {
        this.#leaveAlone(group, notTakenMs);
        return;
      }
      claim.lost.addEventListener('abort', abort);
      if (claim.lost.aborted) abort();
      await this.#session(group, running);
    } catch (error) {
      if (controller.signal.aborted || isClaimLost(error)) {
        await this.#brokenOff(group, running);
        return;
      }
      this.#leaveAlone(group, brokenMs);
      ambient.log.error('session broke off', { group, session: running.sessionId, error });
    } finally {
      claim?.lost.removeEventListener('abort', abort);
      if (claim !== null) await this.#release(claim);
    }
  }

  /** The unfinished session, or a new one, to its end; with no room, only its beginning. */
  async #session(group: string, running: Running): Promise<void> {
    const { ledger, standings } = this.#deps;
    const { signal } = running.controller;
    const seen = standings.of(group)?.session ?? null;
    const newest = await ledger.session(group);
    // What is due was decided on what is no more: it is decided again once the change is seen here.
    if (newest?.id !== seen?.id || newest?.phase !== seen?.phase) {
      this.#leaveAlone(group, lagMs);
      return;
    }
    const isUnfinished = newest !== null && !isEnded(newest.phase);
    const session = isUnfinished ? newest : await this.#deps.begin(group, signal);
    running.sessionId = session.id;
    const isRun = !isEnded(session.phase) && !running.isOnlyBegun;
    const after = isRun ? await this.#deps.run(session, running.progress, signal) : session;
    if (isResult(after.phase)) this.#tell(group, after.phase, running);
    await this.#seen(after, signal);
  }

  /** Else it would be taken for due again by what is seen of it here. */
  async #seen({ group, id, phase }: Session, signal: AbortSignal): Promise<void> {
    const { standings, ambient } = this.#deps;
    const endMs = ambient.clock.monotonicMs() + lagMs;
    while (ambient.clock.monotonicMs() < endMs) {
      const shown = standings.of(group)?.session;
      if (shown?.id === id && isEnded(shown.phase) === isEnded(phase)) return;
      await this.#changed(group, endMs, signal);
    }
  }

  async #brokenOff(group: string, running: Running): Promise<void> {
    const { ledger, ambient } = this.#deps;
    const { sessionId } = running;
    const session = await ledger.session(group).catch((error: unknown) => {
      ambient.log.error('session cannot be read', { group, error });
      return null;
    });
    const isSuperseded = session?.phase === 'superseded' && session.id === sessionId;
    if (isSuperseded) this.#tell(group, 'superseded', running);
    ambient.log.info('session broken off', { group, session: sessionId, isSuperseded });
  }

  #tell(group: string, result: 'done' | 'failed' | 'superseded', { startMs }: Running): void {
    const seconds = (this.#deps.ambient.clock.monotonicMs() - startMs) / 1000;
    this.#deps.observer.sessionEnded({ group, result, seconds });
  }

  #leaveAlone(group: string, ms: number): void {
    this.#brokenUntilMs.set(group, this.#deps.ambient.clock.now() + ms);
  }

  /** A claim that cannot be given back now goes with the lease; until then it is this controller's. */
  async #release(claim: Claim): Promise<void> {
    try {
      await claim.release();
    } catch (error) {
      this.#deps.ambient.log.warn('claim not given back', { claim: claim.compare.path, error });
    }
  }

  /** Resolves when what is seen of the group's session has changed, or it is time to ask. */
  async #changed(group: string, endMs: number, signal: AbortSignal): Promise<void> {
    const { standings, ambient } = this.#deps;
    const seen = standings.of(group)?.session;
    const changed = new AbortController();
    const stop = standings.onChange(() => {
      if (standings.of(group)?.session !== seen) changed.abort();
    });
    const leftMs = Math.max(0, Math.min(askAgainMs, endMs - ambient.clock.monotonicMs()));
    try {
      await ambient.clock.sleep(leftMs, AbortSignal.any([changed.signal, signal]));
    } catch (error) {
      signal.throwIfAborted();
      if (!changed.signal.aborted) throw error;
    } finally {
      stop();
    }
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

function isResult(phase: Session['phase']): phase is 'done' | 'failed' | 'superseded' {
  return phase === 'done' || phase === 'failed' || phase === 'superseded';
}

function isClaimLost(error: unknown): boolean {
  return error instanceof FarshoreError && error.code === 'claim.lost';
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
