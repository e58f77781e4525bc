import { newestProven, type PointAge } from '../../replicator/point/choose.ts';
import type { RecoveryPoint } from '../../replicator/point/types.ts';
import type { Entry } from '../store/store.ts';
import type { Mirror } from './mirror.ts';

/** What is kept of a point in memory. */
export interface ShortPoint extends PointAge {
  readonly group: string;
}

/** What a group's status shows of its points. */
export interface PointTally {
  readonly newest: PointAge | null;
  readonly proven: number;
  readonly damaged: number;
}

interface Points {
  readonly byPath: Map<string, ShortPoint>;
  /** Null after a change, until it is asked for. */
  tally: PointTally | null;
}

const none: PointTally = Object.freeze({ newest: null, proven: 0, damaged: 0 });

export function shortPoint({ value }: Entry<RecoveryPoint>): ShortPoint {
  const { group, id, sequence, state, dataTime } = value;
  return { group, id, sequence, state, dataTime };
}

/** Pure. */
export function tallyOf(points: readonly PointAge[]): PointTally {
  const count = (state: PointAge['state']) =>
    points.filter((point) => point.state === state).length;
  return { newest: newestProven(points), proven: count('proven'), damaged: count('damaged') };
}

/** The tally of every group, counted anew only after its points changed. */
export class PointTallies {
  readonly #groups = new Map<string, Points>();

  /** Of a mirror that has not been started. */
  constructor(mirror: Pick<Mirror<RecoveryPoint, ShortPoint>, 'onChange'>) {
    mirror.onChange((changes) => {
      for (const { path, before, after } of changes)
        if (after !== undefined) this.#put(path, after);
        else if (before !== undefined) this.#remove(path, before);
    });
  }

  of(group: string): PointTally {
    const points = this.#groups.get(group);
    if (points === undefined) return none;
    return (points.tally ??= tallyOf([...points.byPath.values()]));
  }

  #put(path: string, point: ShortPoint): void {
    const points = this.#groups.get(point.group) ?? { byPath: new Map(), tally: null };
    points.byPath.set(path, point);
    points.tally = null;
    this.#groups.set(point.group, points);
  }

  #remove(path: string, { group }: ShortPoint): void {
    const points = this.#groups.get(group);
    if (points === undefined) return;
    points.byPath.delete(path);
    points.tally = null;
    if (points.byPath.size === 0) this.#groups.delete(group);
  }
}
