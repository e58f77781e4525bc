import { FarshoreError } from '../../../kernel/errors.ts';
import { isEnded } from '../../../replicator/session/state.ts';
import type { NewPoint, RecoveryPoint } from '../../../replicator/point/types.ts';
import { stillValid, withChecks } from '../../../replicator/point/members.ts';
import {
  othersChanged,
  type KeptPoint,
  type Ledger,
  type PointChecks,
} from '../../../replicator/session/ledger.ts';
import type { Session } from '../../../replicator/session/types.ts';

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
  /** `group/id` of those that ended after they sealed a manifest. */
  readonly #ended = new Set<string>();
  #sequence = 0;
  #newestCheck = 0;

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
      if (isEnded(session.phase) && session.manifest !== undefined)
        this.#ended.add(`${session.group}/${session.pointId}`);
    });
  }

  points(group: string): Promise<readonly RecoveryPoint[]> {
    return Promise.resolve(this.#of(group).toSorted((a, b) => (a.id < b.id ? 1 : -1)));
  }

  #of(group: string): readonly RecoveryPoint[] {
    const all = [...this.#points.values()].map((text) => JSON.parse(text) as RecoveryPoint);
    return all.filter((point) => point.group === group);
  }

  async commitPoint(
    point: NewPoint,
    session: Session,
    others: readonly RecoveryPoint[],
  ): Promise<void> {
    await this.#write({ write: 'commitPoint', what: point.id }, session, () => {
      const key = `${point.group}/${point.id}`;
      const found = this.#of(point.group).filter(({ id }) => id !== point.id);
      const isKnown = ({ id, checked }: RecoveryPoint) =>
        others.some((other) => other.id === id && other.checked.serial === checked.serial);
      if (!found.every(isKnown)) throw othersChanged(point.group, 'commit point');
      const before = JSON.parse(this.#points.get(key) ?? 'null') as RecoveryPoint | null;
      const sequence = before?.sequence ?? (this.#sequence += 1);
      const checked = { ...point.checked, serial: (this.#newestCheck += 1) };
      this.#points.set(key, JSON.stringify({ ...point, sequence, checked }));
      this.#sessions.set(session.group, JSON.stringify(session));
    });
  }

  /** As if a check had found it. */
  async savePoint(point: RecoveryPoint): Promise<RecoveryPoint> {
    await this.#write({ write: 'savePoint', what: `${point.id} ${point.state}` }, null, () => {
      this.#points.set(`${point.group}/${point.id}`, JSON.stringify(point));
    });
    return point;
  }

  async recordChecks(
    group: string,
    { at, depth, points, of, among }: PointChecks,
    seen: readonly RecoveryPoint[] = [],
  ): Promise<readonly RecoveryPoint[]> {
    const heads: RecoveryPoint[] = [];
    if (among !== undefined && this.#of(group).some(({ id }) => !among.includes(id)))
      throw othersChanged(group, 'record checks');
    for (const [id, checks] of points) {
      const text = this.#points.get(`${group}/${id}`);
      if (text === undefined) continue;
      const now = JSON.parse(text) as RecoveryPoint;
      const before = seen.find((each) => each.id === id);
      const isOwn = of === undefined || id === of;
      const head = withChecks(now, stillValid(checks, now, before), depth, at, isOwn);
      if (head !== now) Object.assign(head.checked, { serial: this.#newestCheck + 1 });
      heads.push(await this.savePoint(head));
    }
    this.#newestCheck += 1;
    return heads;
  }

  newestCheck(): Promise<number> {
    return Promise.resolve(this.#newestCheck);
  }

  async expirePoint(group: string, point: string, kept: readonly KeptPoint[] = []): Promise<void> {
    const of = (id: string) =>
      JSON.parse(this.#points.get(`${group}/${id}`) ?? 'null') as RecoveryPoint;
    if (
      kept.some(
        ({ id, state, damaged }) => of(id).state !== state || of(id).checked.damaged > damaged,
      )
    )
      throw new FarshoreError('a kept point is proven no more', {
        code: 'retention.kept-changed',
        kind: 'transient',
        operation: 'expire recovery point',
        subject: point,
      });
    await this.savePoint({ ...of(point), state: 'expiring' });
  }

  pointless(group: string): Promise<readonly string[]> {
    const prefix = `${group}/`;
    const gone = [...this.#ended].filter((path) => !this.#points.has(path));
    return Promise.resolve(
      gone.filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length)),
    );
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
