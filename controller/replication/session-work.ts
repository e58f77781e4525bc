import type { Ambient } from '../../kernel/ambient.ts';
import { FarshoreError } from '../../kernel/errors.ts';
import type { ProgressSnapshot } from '../../replicator/session/meter.ts';
import { isEnded } from '../../replicator/session/state.ts';
import type { Ledger } from '../../replicator/session/ledger.ts';
import type { Session } from '../../replicator/session/types.ts';
import type { Claim, Claims } from '../cluster/types.ts';
import type { Observer } from '../observer.ts';
import { SessionProgress } from './progress.ts';
import { sessionChanged, type Standings } from './standings.ts';

export interface SessionWorkDeps {
  readonly ledger: Ledger;
  readonly claims: Pick<Claims, 'take'>;
  readonly standings: Standings;
  readonly ambient: Ambient;
  readonly observer: Observer;
  /** Saves a new session of the group, see claimSession; null: the group rests. */
  readonly begin: (group: string, signal: AbortSignal) => Promise<Session | null>;
  /** Ends what holds the group's claim here and is less urgent, see scrubs.ts. */
  readonly makeWay?: (group: string) => Promise<void>;
  /** Carries a session to its end, see runSession. */
  readonly run: (
    session: Session,
    progress: SessionProgress,
    signal: AbortSignal,
  ) => Promise<Session>;
}

/** Another controller has the claim, or this one has no lease: what changes that is heard of sooner. */
const notTakenMs = 5_000;
/** A session whose run broke off (a defect, a store that did not answer) is left alone for so long. */
const brokenMs = 60_000;
/** What was just written is seen here by then, or is read anew. */
const lagMs = 2_000;

/** One group's session in this controller: from its claim until it ended, or was broken off. */
export class SessionWork {
  readonly group: string;
  /** Without room to run: the session is only begun, and waits for its turn. */
  readonly isOnlyBegun: boolean;
  readonly #deps: SessionWorkDeps;
  readonly #stop = new AbortController();
  readonly #progress: SessionProgress;
  readonly #startMs: number;
  #sessionId: string | null = null;
  #isAtEnd = false;

  constructor(group: string, isOnlyBegun: boolean, deps: SessionWorkDeps) {
    const { observer, ambient } = deps;
    this.group = group;
    this.isOnlyBegun = isOnlyBegun;
    this.#deps = deps;
    this.#progress = new SessionProgress(group, observer, ambient.clock);
    this.#startMs = ambient.clock.monotonicMs();
  }

  /** The session came to its end here. */
  get isAtEnd(): boolean {
    return this.#isAtEnd;
  }

  /** The session stays as it was saved, for whoever takes it up. */
  abort(): void {
    this.#stop.abort();
  }

  /** Null for another session than the one under way. */
  progress(sessionId: string): ProgressSnapshot | null {
    return this.#sessionId === sessionId ? this.#progress.snapshot() : null;
  }

  /**
   * Milliseconds for which the group is better left alone then. Never rejects: whatever comes of it
   * is in the store, or said in the log.
   */
  async toEnd(): Promise<number> {
    const { claims, observer, ambient, makeWay } = this.#deps;
    const abort = () => this.abort();
    let claim: Claim | null = null;
    try {
      await makeWay?.(this.group);
      claim = await claims.take('session', this.group);
      if (claim === null) return notTakenMs;
      claim.lost.addEventListener('abort', abort);
      if (claim.lost.aborted) abort();
      return await this.#work();
    } catch (error) {
      if (this.#stop.signal.aborted || isClaimLost(error)) {
        await this.#brokenOff();
        return 0;
      }
      const session = this.#sessionId;
      ambient.log.error('session broke off', { group: this.group, session, error });
      return brokenMs;
    } finally {
      observer.backlog({ group: this.group, bytes: 0 });
      claim?.lost.removeEventListener('abort', abort);
      await claim?.release();
    }
  }

  /** The unfinished session, or a new one, to its end; with no room, only its beginning. */
  async #work(): Promise<number> {
    const { ledger, standings, begin, run } = this.#deps;
    const { signal } = this.#stop;
    const seen = standings.of(this.group)?.session ?? null;
    const newest = await ledger.session(this.group);
    // What is due was decided on what is no more: it is decided again once the change is seen here.
    if (newest?.id !== seen?.id || newest?.phase !== seen?.phase) return lagMs;
    const isUnfinished = newest !== null && !isEnded(newest.phase);
    const session = isUnfinished ? newest : await begin(this.group, signal);
    if (session === null) return lagMs;
    this.#sessionId = session.id;
    const isRun = !isEnded(session.phase) && !this.isOnlyBegun;
    const after = isRun ? await run(session, this.#progress, signal) : session;
    this.#isAtEnd = isEnded(after.phase);
    if (isResult(after.phase)) this.#tell(after.phase);
    await this.#untilSeen(after);
    return 0;
  }

  /** Else it would be taken for due again by what is seen of it here. */
  async #untilSeen({ id, phase }: Session): Promise<void> {
    const { standings, ambient } = this.#deps;
    const endMs = ambient.clock.monotonicMs() + lagMs;
    for (;;) {
      const shown = standings.of(this.group)?.session;
      const leftMs = endMs - ambient.clock.monotonicMs();
      if ((shown?.id === id && isEnded(shown.phase) === isEnded(phase)) || leftMs <= 0) return;
      await sessionChanged(standings, this.group, leftMs, ambient.clock, this.#stop.signal);
    }
  }

  async #brokenOff(): Promise<void> {
    const { ledger, ambient } = this.#deps;
    const { group } = this;
    const session = await ledger.session(group).catch((error: unknown) => {
      ambient.log.error('session cannot be read', { group, error });
      return null;
    });
    const isSuperseded = session?.phase === 'superseded' && session.id === this.#sessionId;
    if (isSuperseded) this.#tell('superseded');
    ambient.log.info('session broken off', { group, session: this.#sessionId, isSuperseded });
  }

  #tell(result: 'done' | 'failed' | 'superseded'): void {
    const { observer, ambient } = this.#deps;
    const seconds = (ambient.clock.monotonicMs() - this.#startMs) / 1000;
    observer.sessionEnded({ group: this.group, result, seconds });
  }
}

function isResult(phase: Session['phase']): phase is 'done' | 'failed' | 'superseded' {
  return phase === 'done' || phase === 'failed' || phase === 'superseded';
}

function isClaimLost(error: unknown): boolean {
  return error instanceof FarshoreError && error.code === 'claim.lost';
}
