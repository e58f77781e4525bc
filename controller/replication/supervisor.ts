import type { Ambient } from '../../kernel/ambient.ts';
import { isEnded } from '../../replicator/session/state.ts';
import { nextRun } from '../../replicator/schedule/next-run.ts';
import type { ProgressSnapshot } from '../../replicator/session/meter.ts';
import type { Ledger, Session } from '../../replicator/session/types.ts';
import type { Observer } from '../observer.ts';
import { keys } from '../state/keys.ts';
import type { Store } from '../store/store.ts';
import { dueOf, type Due, type Standing } from './due.ts';
import { SessionProgress } from './progress.ts';
import { readStanding } from './standing.ts';

export interface SupervisorDeps {
  readonly store: Store;
  readonly ledger: Ledger;
  readonly ambient: Ambient;
  readonly observer: Observer;
  /** Groups that are replicated at once. */
  readonly sessionsAtOnce: number;
  /** Saves a new session of the group, see claimSession. */
  readonly claim: (group: string, signal: AbortSignal) => Promise<Session>;
  /** Carries a claimed session to its end, see runSession. */
  readonly run: (
    session: Session,
    progress: SessionProgress,
    signal: AbortSignal,
  ) => Promise<Session>;
  /** The store failed: nothing more is done by this process. */
  readonly onFailure: (error: unknown) => void;
}

interface Running {
  readonly controller: AbortController;
  readonly progress: SessionProgress;
  sessionId: string | null;
  done: Promise<void>;
}

/** What is not told of by a poke, another controller's work, is seen after this long. */
const longestSleepMs = 30_000;
/** A session whose run broke off (a defect) is left alone for this long, then taken up. */
const brokenMs = 60_000;

/**
 * Decides which group is worked on when, one session a group and so many at once, and keeps nothing
 * that counts in memory: what is due follows from the stored sessions, so that a restart goes on
 * where the last process stood, unfinished sessions first.
 */
export class Supervisor {
  readonly #deps: SupervisorDeps;
  readonly #running = new Map<string, Running>();
  readonly #claims = new Map<string, Promise<Session>>();
  readonly #blocked = new Set<string>();
  readonly #brokenUntilMs = new Map<string, number>();
  /** Jitter is drawn once for each standing. */
  readonly #due = new Map<string, { readonly standing: string; readonly due: Due }>();
  readonly #stopping = new AbortController();
  #wake = new AbortController();
  #loop: Promise<void> = Promise.resolve();

  constructor(deps: SupervisorDeps) {
    this.#deps = deps;
  }

  /** Resolves once unfinished sessions are under way, as far as there is room. */
  async start(): Promise<void> {
    const pauseMs = await this.#tick();
    this.#loop = this.#go(pauseMs).catch((error: unknown) => {
      if (!this.#stopping.signal.aborted) this.#deps.onFailure(error);
    });
  }

  /** Aborts what is under way; the sessions stay as they were saved and go on at the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake.abort();
    for (const { controller } of this.#running.values()) controller.abort();
    await this.#loop;
    await Promise.all([...this.#running.values()].map(({ done }) => done));
    await Promise.allSettled(this.#claims.values());
  }

  /** Something changed that may make a group due. */
  poke(): void {
    this.#wake.abort();
  }

  /** The session under way, or a new one, claimed now and run as soon as there is room. */
  async sync(group: string): Promise<Session> {
    const session = await this.#claimOnce(group, this.#stopping.signal);
    this.#brokenUntilMs.delete(group);
    this.poke();
    return session;
  }

  /** After the generation was raised: what runs can record nothing any more. */
  supersede(group: string): void {
    this.#running.get(group)?.controller.abort();
    this.poke();
  }

  /** Breaks the group's session off, waits for its end and keeps the group at rest meanwhile. */
  async exclusively<T>(group: string, work: () => Promise<T>): Promise<T> {
    this.#blocked.add(group);
    try {
      const running = this.#running.get(group);
      running?.controller.abort();
      await running?.done;
      return await work();
    } finally {
      this.#blocked.delete(group);
      this.poke();
    }
  }

  isRunning(group: string): boolean {
    return this.#running.has(group);
  }

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
      pauseMs = await this.#tick();
    }
  }

  /** Starts what is due and there is room for; answers for how long nothing else will be. */
  async #tick(): Promise<number> {
    const { store, ambient, sessionsAtOnce } = this.#deps;
    const nowMs = ambient.clock.now();
    const resumes: { group: string; since: number }[] = [];
    const starts: { group: string; atMs: number }[] = [];
    for (const { value } of await store.range(keys.group())) {
      const group = value.spec.name;
      const standing = await readStanding(store, group);
      if (standing === null || this.#running.has(group) || this.#blocked.has(group)) continue;
      const due = this.#dueOf(group, standing);
      const brokenUntilMs = this.#brokenUntilMs.get(group) ?? 0;
      if (due.type === 'never') continue;
      if (brokenUntilMs > nowMs) starts.push({ group, atMs: brokenUntilMs });
      else if (due.type === 'resume') resumes.push({ group, since: due.since });
      else starts.push({ group, atMs: due.atMs });
    }
    resumes.sort((a, b) => a.since - b.since);
    starts.sort((a, b) => a.atMs - b.atMs);
    const ready = [...resumes, ...starts.filter(({ atMs }) => atMs <= nowMs)];
    for (const { group } of ready.slice(0, Math.max(0, sessionsAtOnce - this.#running.size)))
      this.#launch(group);
    const next = starts.find(({ atMs }) => atMs > nowMs);
    return Math.min(longestSleepMs, (next?.atMs ?? Infinity) - nowMs);
  }

  #dueOf(group: string, standing: Standing): Due {
    const { isResting, policy, session, failures } = standing;
    const key = JSON.stringify([isResting, policy.schedule, session?.id, session?.phase, failures]);
    const known = this.#due.get(group);
    if (known?.standing === key) return known.due;
    const due = dueOf(standing, this.#deps.ambient.random);
    this.#due.set(group, { standing: key, due });
    return due;
  }

  #launch(group: string): void {
    if (this.#stopping.signal.aborted || this.#blocked.has(group)) return;
    const { observer, ambient } = this.#deps;
    const running: Running = {
      controller: new AbortController(),
      progress: new SessionProgress(group, observer, ambient.clock),
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
    const { ambient, observer } = this.#deps;
    const { signal } = running.controller;
    const startMs = ambient.clock.monotonicMs();
    const tell = (result: 'done' | 'failed' | 'superseded') => {
      const seconds = (ambient.clock.monotonicMs() - startMs) / 1000;
      observer.sessionEnded({ group, result, seconds });
    };
    try {
      const claimed = await this.#claimOnce(group, signal);
      running.sessionId = claimed.id;
      const ended = isEnded(claimed.phase)
        ? claimed
        : await this.#deps.run(claimed, running.progress, signal);
      if (isResult(ended.phase)) tell(ended.phase);
    } catch (error) {
      if (signal.aborted) {
        const isSuperseded = await this.#isSuperseded(group);
        if (isSuperseded) tell('superseded');
        ambient.log.info('session broken off', { group, session: running.sessionId, isSuperseded });
        return;
      }
      this.#brokenUntilMs.set(group, ambient.clock.now() + brokenMs);
      ambient.log.error('session broke off', { group, session: running.sessionId, error });
    }
  }

  async #isSuperseded(group: string): Promise<boolean> {
    const session = await this.#deps.ledger.session(group).catch((error: unknown) => {
      this.#deps.ambient.log.error('session cannot be read', { group, error });
      return null;
    });
    return session?.phase === 'superseded';
  }

  /** The unfinished session or a new one; whoever asks at the same time gets the same. */
  #claimOnce(group: string, signal: AbortSignal): Promise<Session> {
    const known = this.#claims.get(group);
    if (known !== undefined) return known;
    const claim = this.#claim(group, signal).finally(() => this.#claims.delete(group));
    this.#claims.set(group, claim);
    return claim;
  }

  async #claim(group: string, signal: AbortSignal): Promise<Session> {
    const newest = await this.#deps.ledger.session(group);
    if (newest !== null && !isEnded(newest.phase)) return newest;
    return this.#deps.claim(group, signal);
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
