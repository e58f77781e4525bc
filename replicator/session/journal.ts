import type { Ambient } from '../../kernel/ambient.ts';
import { isoTime } from '../../kernel/clock.ts';
import { FarshoreError } from '../../kernel/errors.ts';
import type { NewPoint, RecoveryPoint } from '../point/types.ts';
import type { MovedCounter } from './moved.ts';
import { advance, type Happening } from './state.ts';
import { isOvertaken, type Ledger } from './ledger.ts';
import type { Session } from './types.ts';

/** The ledger refused or failed: nobody's work can be recorded, so none goes on. Carries its error. */
export class LedgerFailure extends Error {
  override readonly cause: unknown;

  constructor(cause: unknown) {
    super('the ledger failed', { cause });
    this.cause = cause;
  }

  get isSuperseded(): boolean {
    return this.cause instanceof FarshoreError && this.cause.code === 'session.superseded';
  }
}

/** The same ledger, whose errors can be told from those of the work. */
export function guarded(ledger: Ledger): Ledger {
  return {
    session: (group) => guard(ledger.session(group)),
    saveSession: (session) => guard(ledger.saveSession(session)),
    points: (group) => guard(ledger.points(group)),
    commitPoint: (...all) => guard(ledger.commitPoint(...all)),
    recordChecks: (...all) => guard(ledger.recordChecks(...all)),
    newestCheck: (group) => guard(ledger.newestCheck(group)),
    expirePoint: (...all) => guard(ledger.expirePoint(...all)),
    pointless: (group) => guard(ledger.pointless(group)),
    removePoint: (group, point) => guard(ledger.removePoint(group, point)),
  };
}

async function guard<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    // Of a decision that is to be made again it is no failure.
    throw isOvertaken(error) ? error : new LedgerFailure(error);
  }
}

/**
 * The session in memory and, one write at a time and in order, on disk. Every event is on disk when
 * its promise resolves; a kill before that loses the event, and the effect is done again.
 */
export class Journal {
  readonly #ledger: Ledger;
  readonly #ambient: Pick<Ambient, 'clock' | 'log'>;
  readonly #moved: MovedCounter;
  #session: Session;
  /** As it was last seen on disk. */
  #saved: Session;
  #last: Promise<void> = Promise.resolve();

  constructor(
    session: Session,
    deps: {
      readonly ledger: Ledger;
      readonly ambient: Pick<Ambient, 'clock' | 'log'>;
      readonly moved: MovedCounter;
    },
  ) {
    this.#session = session;
    this.#saved = session;
    this.#ledger = deps.ledger;
    this.#ambient = deps.ambient;
    this.#moved = deps.moved;
  }

  get session(): Session {
    return this.#session;
  }

  async happened(happening: Happening): Promise<void> {
    const next = this.#enter(happening);
    await this.#inOrder(next, () => this.#ledger.saveSession(next));
  }

  /**
   * The point and the phase after it, in one transaction, beside which nothing else happens. Refused because
   * of what is known of the others by then, the session is where it was.
   */
  async committed(
    pointOf: (committedAt: string) => NewPoint,
    others: readonly RecoveryPoint[],
  ): Promise<void> {
    const before = this.#session;
    const point = pointOf(isoTime(this.#ambient.clock.now()));
    const next = this.#enter({ type: 'committed' });
    try {
      await this.#inOrder(next, () => this.#ledger.commitPoint(point, next, others));
    } catch (error) {
      if (isOvertaken(error)) this.#session = { ...before, moved: next.moved };
      throw error;
    }
  }

  /** Said to the caller and not saved: the group's record belongs to a newer generation now. */
  superseded(cause: unknown): void {
    const message = cause instanceof Error ? cause.message : String(cause);
    // What was refused never happened, be it the session's end.
    this.#session = this.#saved;
    this.#enter({ type: 'superseded', error: { code: 'session.superseded', message } });
  }

  #enter(happening: Happening): Session {
    const before = this.#session;
    const at = isoTime(this.#ambient.clock.now());
    const after = advance(before, { ...happening, at, moved: this.#moved.take() });
    this.#session = after;
    if (after.phase !== before.phase)
      this.#ambient.log.info('session phase', {
        group: after.group,
        session: after.id,
        phase: after.phase,
        ...(after.error === undefined ? {} : { error: after.error }),
      });
    return after;
  }

  async #inOrder(next: Session, write: () => Promise<void>): Promise<void> {
    const written = this.#last.then(write).then(() => {
      this.#saved = next;
    });
    // Its own caller hears of a failure; the next write does not depend on it.
    this.#last = written.catch(() => undefined);
    await written;
  }
}
