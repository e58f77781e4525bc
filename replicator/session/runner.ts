import type { Ambient } from '../../kernel/ambient.ts';
import { describeError, FarshoreError } from '../../kernel/errors.ts';
import { noProgress, type Progress } from '../../kernel/progress.ts';
import { resourceKey, type Movers, type ResourceRef, type SessionContext } from '../mover.ts';
import type { Retention } from '../policy.ts';
import { parallel } from '../transfer/parallel.ts';
import { expireByPolicy } from '../retention/by-policy.ts';
import type { Exemptions } from '../retention/decide.ts';
import { assertClocks } from './clocks.ts';
import { readBaseline } from './baseline.ts';
import { type Before, commit, type CommitDeps, recordWhole } from './commit.ts';
import { guarded, Journal, LedgerFailure } from './journal.ts';
import { MovedCounter } from './moved.ts';
import { patiently } from './patience.ts';
import { ResourceWork } from './resource-work.ts';
import { due, isEnded, type Happening, type SessionEffect } from './state.ts';
import type { Ledger } from './ledger.ts';
import type { Session, SessionError } from './types.ts';

/** What the controller knows of both sides; the rest of a SessionContext is the session's own. */
export type OpenedContext = Omit<
  SessionContext,
  'group' | 'sessionId' | 'isResumed' | 'progress' | 'signal'
>;

export interface SessionDeps {
  readonly ledger: Ledger;
  readonly movers: Movers;
  readonly ambient: Ambient;
  readonly retention: Retention;
  /** How much of a resource may be removed or rewritten at once without being told, in percent. */
  readonly changeLimitPercent: number;
  /** Asked once a run, after the session was saved as taken up. */
  readonly openContext: (session: Session, signal: AbortSignal) => Promise<OpenedContext>;
  /** By how many milliseconds the wall clock is ahead of the two regions', as their answers said. */
  readonly clockAheadMs: () => number;
  /** Where one resource's movements are told. */
  readonly progressOf: (resource: ResourceRef) => Progress;
  /** True while an execution uses the point; it is not expired then. */
  readonly held: (group: string, point: string) => Promise<boolean>;
  /** What stays whatever the policy says, as it is now. */
  readonly exemptions: (group: string) => Promise<Exemptions>;
  /** Resources that are shipped, or verified, side by side. */
  readonly shipAtOnce: number;
  /** How often a piece of work that fails in passing is done before it counts as failed; 4 unless given. */
  readonly attempts?: number;
  /** On abort the session stays as it was saved, to be taken up again. */
  readonly signal: AbortSignal;
}

/**
 * Runs a session from wherever its saved state stands, and returns it as it ended: `done`, `failed`
 * with its error, or `superseded`. Rejects only when aborted or when the ledger fails: then the saved
 * state is the truth, and calling again goes on from it. What `due` names is done, then saved; a kill
 * between the two repeats the effect, and each bears that.
 */
export async function runSession(session: Session, deps: SessionDeps): Promise<Session> {
  return isEnded(session.phase) ? session : await new SessionRun(session, deps).toEnd();
}

/** Both sides, and what there was when this run began. */
interface Scene extends Before {
  readonly opened: OpenedContext;
}

class SessionRun {
  readonly #deps: SessionDeps;
  readonly #moved = new MovedCounter();
  readonly #journal: Journal;
  #isTidied = false;

  constructor(session: Session, deps: SessionDeps) {
    const log = deps.ambient.log.child({ group: session.group, session: session.id });
    const ambient = { ...deps.ambient, log };
    this.#deps = { ...deps, ambient, ledger: guarded(deps.ledger) };
    this.#journal = new Journal(session, {
      ledger: this.#deps.ledger,
      ambient,
      moved: this.#moved,
    });
  }

  async toEnd(): Promise<Session> {
    try {
      await this.#journal.happened({ type: 'taken-up' });
      await this.#orFail(() => this.#run());
    } catch (error) {
      if (!(error instanceof LedgerFailure)) throw error;
      if (!error.isSuperseded) throw error.cause;
      this.#journal.superseded(error.cause);
    }
    return this.#journal.session;
  }

  async #run(): Promise<void> {
    const { session } = this.#journal;
    if (isEnded(session.phase)) return;
    const { ledger, movers, ambient, signal } = this.#deps;
    const opened = await this.#patiently('open both regions', signal, () =>
      this.#deps.openContext(session, signal),
    );
    assertClocks(session, this.#deps.clockAheadMs());
    const points = await ledger.points(session.group);
    const { clock, log } = ambient;
    const { bank } = opened;
    const baseline = await this.#patiently('read the newest manifest', signal, () =>
      readBaseline(session, points, { ledger, bank, clock, log, signal }),
    );
    const contextOf = (resource: ResourceRef, inner: AbortSignal): SessionContext =>
      this.#context(
        opened,
        this.#moved.over(this.#deps.progressOf(resource), resourceKey(resource)),
        inner,
      );
    const work = new ResourceWork({ movers, ledger, clock, log, baseline, contextOf });
    await this.#orFail(() => this.#workOff(work, { opened, points, baseline }));
    // What was shipped needs its snapshot no more, whatever became of the others. Once it was
    // committed the clean-up has done that.
    const ended = this.#journal.session;
    if (ended.phase === 'failed' && !this.#isTidied) await this.#tidy(work, signal);
  }

  async #workOff(work: ResourceWork, scene: Scene): Promise<void> {
    const { signal, shipAtOnce } = this.#deps;
    for (;;) {
      const { session } = this.#journal;
      const effects = due(session);
      if (effects.length === 0) return;
      if (session.phase === 'shipping' && session.repairs > 0)
        await work.recordInherited(session, scene.opened.bank, signal);
      // The cut is one time: captures do not wait for each other.
      const limit = session.phase === 'capturing' ? effects.length : shipAtOnce;
      await parallel(effects, limit, signal, (effect, inner) =>
        this.#perform(effect, work, scene, inner),
      );
    }
  }

  async #perform(
    effect: SessionEffect,
    work: ResourceWork,
    scene: Scene,
    signal: AbortSignal,
  ): Promise<void> {
    switch (effect.type) {
      case 'capture': {
        const key = resourceKey(effect.resource);
        await this.#orGiveUp(effect.type, key, signal, async () => {
          const capture = await work.capture(effect.resource, signal);
          return { type: 'captured', key, capture };
        });
        return;
      }
      case 'ship': {
        const key = resourceKey(effect.capture.resource);
        await this.#orGiveUp(effect.type, key, signal, async () => {
          const { resource } = effect.capture;
          const previous = effect.repair ?? work.previousOf(this.#journal.session, resource);
          const copy = await work.ship(effect.capture, previous, signal);
          return { type: 'shipped', key, copy, work: this.#moved.takeOf(key) };
        });
        return;
      }
      case 'verify': {
        const key = resourceKey(effect.copy.resource);
        const since = await this.#deps.ledger.newestCheck(this.#journal.session.group);
        await this.#orGiveUp(effect.type, key, signal, async () => {
          const verification = await work.verify(effect.copy, effect.depth, signal);
          return { type: 'verified', key, verification, since };
        });
        return;
      }
      case 'commit': {
        await commit(scene, this.#committing(scene, signal));
        return;
      }
      case 'clean-up': {
        await this.#cleanUp(work, scene, signal);
        return;
      }
    }
  }

  /** The point stands already: the source's rubbish is a warning, the secondary's is a failure that is seen. */
  async #cleanUp(work: ResourceWork, scene: Scene, signal: AbortSignal): Promise<void> {
    const { opened } = scene;
    const { group } = this.#journal.session;
    const { ledger, movers, retention, held, ambient } = this.#deps;
    const warnings = await this.#tidy(work, signal);
    const at = this.#context(opened, noProgress, signal);
    const { clock, log } = ambient;
    await this.#patiently('record what is whole again', signal, () =>
      recordWhole(this.#committing(scene, signal)),
    );
    const aheadMs = this.#deps.clockAheadMs();
    await this.#patiently('expire recovery points', signal, async () => {
      const exemptions = await this.#deps.exemptions(group);
      const parts = { ledger, movers, retention, exemptions, held, at, clock, aheadMs, log };
      await expireByPolicy(await ledger.points(group), parts);
    });
    await this.#journal.happened({ type: 'expired', warnings });
  }

  /** The source, after shipping; how many resources could not be tidied. */
  async #tidy(work: ResourceWork, signal: AbortSignal): Promise<number> {
    this.#isTidied = true;
    let warnings = 0;
    const copies = Object.values(this.#journal.session.copies);
    await parallel(copies, this.#deps.shipAtOnce, signal, async (copy, inner) => {
      if (!(await work.tidy(copy, inner))) warnings += 1;
    });
    return warnings;
  }

  /** One resource's failure is its own: the others go on, and the session fails once they are through. */
  async #orGiveUp(
    verb: string,
    key: string,
    signal: AbortSignal,
    attempt: () => Promise<Happening>,
  ): Promise<void> {
    let happening: Happening;
    try {
      happening = await this.#patiently(`${verb} ${key}`, signal, attempt);
    } catch (error) {
      signal.throwIfAborted();
      happening = { type: 'gave-up', key, failure: asSessionError(error) };
      this.#deps.ambient.log.warn('resource given up', { resource: key, verb, error });
    }
    await this.#journal.happened(happening);
  }

  /** What is no single resource's affair fails the session. Aborts and the ledger's failures pass. */
  async #orFail(run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      this.#deps.signal.throwIfAborted();
      if (error instanceof LedgerFailure) throw error;
      await this.#journal.happened({ type: 'failed', error: asSessionError(error) });
    }
  }

  #committing({ opened: { bank } }: Scene, signal: AbortSignal): CommitDeps {
    const { ledger, ambient, changeLimitPercent } = this.#deps;
    const { clock, log } = ambient;
    const journal = this.#journal;
    const patiently = <T>(what: string, attempt: () => Promise<T>): Promise<T> =>
      this.#patiently(what, signal, attempt);
    return { journal, ledger, clock, log, bank, changeLimitPercent, patiently, signal };
  }

  #context(opened: OpenedContext, progress: Progress, signal: AbortSignal): SessionContext {
    const { group, id, runs } = this.#journal.session;
    return { ...opened, group, sessionId: id, isResumed: runs > 1, progress, signal };
  }

  async #patiently<T>(what: string, signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
    const { ambient, attempts = 4 } = this.#deps;
    return await patiently(what, { ambient, attempts, signal }, attempt);
  }
}

function asSessionError(error: unknown): SessionError {
  const code = error instanceof FarshoreError ? error.code : 'session.unexpected';
  return { code, message: describeError(error).replaceAll(/\s+/g, ' ') };
}
