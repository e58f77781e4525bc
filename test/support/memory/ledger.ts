import { FarshoreError } from '../../../kernel/errors.ts';
import type { NewPoint, RecoveryPoint } from '../../../replicator/point/types.ts';
import type { Ledger, Session } from '../../../replicator/session/types.ts';

export interface LedgerWrite {
  readonly write: 'saveSession' | 'commitPoint' | 'savePoint' | 'removePoint';
  /** The phase saved, or the point's id and state. */
  readonly what: string;
}

/**
 * The ledger by its contract: generations are compared, everything is kept as JSON text, so nothing
 * survives that a disk would not keep. `before` and `after` may throw: a kill before the write, and
 * one after it whose answer nobody hears.
 */
export class MemoryLedger implements Ledger {
  readonly writes: LedgerWrite[] = [];
  before: ((write: LedgerWrite) => void) | undefined;
  after: ((write: LedgerWrite) => void) | undefined;
  readonly #generations = new Map<string, number>();
  readonly #sessions = new Map<string, string>();
  readonly #points = new Map<string, string>();
  #sequence = 0;

  raiseGeneration(group: string, generation: number): void {
    this.#generations.set(group, generation);
  }

  session(group: string): Promise<Session | null> {
    const text = this.#sessions.get(group);
    return Promise.resolve(text === undefined ? null : (JSON.parse(text) as Session));
  }

  async saveSession(session: Session): Promise<void> {
    const write = { write: 'saveSession', what: session.phase } as const;
    await this.#write(write, session, () => {
      this.#sessions.set(session.group, JSON.stringify(session));
    });
  }

  points(group: string): Promise<readonly RecoveryPoint[]> {
    const all = [...this.#points.values()].map((text) => JSON.parse(text) as RecoveryPoint);
    const own = all.filter((point) => point.group === group);
    return Promise.resolve(own.toSorted((a, b) => (a.id < b.id ? 1 : -1)));
  }

  async commitPoint(point: NewPoint, session: Session): Promise<void> {
    await this.#write({ write: 'commitPoint', what: point.id }, session, () => {
      const key = `${point.group}/${point.id}`;
      const before = JSON.parse(this.#points.get(key) ?? 'null') as RecoveryPoint | null;
      const sequence = before?.sequence ?? (this.#sequence += 1);
      this.#points.set(key, JSON.stringify({ ...point, sequence }));
      this.#sessions.set(session.group, JSON.stringify(session));
    });
  }

  async savePoint(point: RecoveryPoint): Promise<RecoveryPoint> {
    await this.#write({ write: 'savePoint', what: `${point.id} ${point.state}` }, null, () => {
      this.#points.set(`${point.group}/${point.id}`, JSON.stringify(point));
    });
    return point;
  }

  async expirePoint(group: string, point: string, kept: readonly string[] = []): Promise<void> {
    const of = (id: string) =>
      JSON.parse(this.#points.get(`${group}/${id}`) ?? 'null') as RecoveryPoint;
    if (kept.some((id) => of(id).state !== 'proven'))
      throw new FarshoreError('a kept point is proven no more', {
        code: 'retention.kept-changed',
        kind: 'transient',
        operation: 'expire recovery point',
        subject: point,
      });
    await this.savePoint({ ...of(point), state: 'expiring' });
  }

  uncommitted(group: string): Promise<readonly string[]> {
    const session = JSON.parse(this.#sessions.get(group) ?? 'null') as Session | null;
    const isGivenUp = session?.phase === 'failed' || session?.phase === 'superseded';
    const isCommitted = this.#points.has(`${group}/${session?.pointId ?? ''}`);
    return Promise.resolve(isGivenUp && !isCommitted ? [session.pointId] : []);
  }

  async removePoint(group: string, point: string): Promise<void> {
    await this.#write({ write: 'removePoint', what: point }, null, () => {
      this.#points.delete(`${group}/${point}`);
    });
  }

  async #write(write: LedgerWrite, session: Session | null, apply: () => void): Promise<void> {
    // A disk takes a turn of the loop; what else is due happens meanwhile.
    await Promise.resolve();
    this.before?.(write);
    if (session !== null && (this.#generations.get(session.group) ?? 1) > session.generation)
      throw new FarshoreError('the group has a newer generation', {
        code: 'session.superseded',
        kind: 'permanent',
        operation: 'save session',
        subject: session.id,
      });
    apply();
    this.writes.push(write);
    this.after?.(write);
  }
}
