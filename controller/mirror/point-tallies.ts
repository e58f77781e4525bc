import { newestFirst, newestUsable, type PointAge } from '../../replicator/point/choose.ts';
import {
  holdingOf,
  reachedOf,
  type PointHolding,
  type Reached,
} from '../../replicator/point/reached.ts';
import type { PointMember, RecoveryPoint } from '../../replicator/point/types.ts';
import type { Entry } from '../store/store.ts';
import type { Mirror } from './mirror.ts';

/** What is kept of a point in memory. */
export interface ShortPoint extends PointHolding {
  readonly group: string;
  readonly members: readonly ShortMember[];
}

/** A member that is not wholly there. */
export type ShortMember = Omit<PointMember, 'damaged'>;

/** What a group's status shows of its points. */
export interface PointTally {
  /** The newest of which anything can be recovered. */
  readonly newest: PointAge | null;
  /** What RPO counts from. */
  readonly reached: Reached;
  /** What the newest of all lacks, or has damaged. */
  readonly lacks: readonly ShortMember[];
  readonly proven: number;
  readonly partial: number;
  readonly damaged: number;
  /** Of all points that are offered, partial ones too. */
  readonly damagedCopies: number;
}

/** Damaged ones too: there is something to be read. */
export function hasPoints({ proven, partial, damaged }: PointTally): boolean {
  return proven + partial + damaged > 0;
}

interface Points {
  readonly byPath: Map<string, ShortPoint>;
  /** Null after a change, until it is asked for. */
  tally: PointTally | null;
}

const none: PointTally = Object.freeze(tallyOf([]));

export function shortPoint({ value }: Entry<RecoveryPoint>): ShortPoint {
  return shortOf(value);
}

export function shortOf(value: RecoveryPoint): ShortPoint {
  const members = value.members
    .filter(({ state }) => state !== 'proven')
    .map(({ resource, state, dataTime, problem }) => ({ resource, state, dataTime, problem }));
  const { whole, missing, ...holding } = holdingOf(value);
  return {
    ...holding,
    group: value.group,
    whole: whole.map(shared),
    missing: missing.map(shared),
    members,
  };
}

/** The same resources are in every point of a group: each key is held in memory once. */
const sharedKeys = new Map<string, string>();
const sharedAtMost = 100_000;

function shared(key: string): string {
  const known = sharedKeys.get(key);
  if (known !== undefined) return known;
  if (sharedKeys.size >= sharedAtMost) sharedKeys.clear();
  sharedKeys.set(key, key);
  return key;
}

/** Pure. */
export function tallyOf(points: readonly ShortPoint[]): PointTally {
  const [newest] = newestFirst(points.filter(({ state }) => state !== 'expiring'));
  const count = (state: PointAge['state']) =>
    points.filter((point) => point.state === state).length;
  return {
    newest: newestUsable(points),
    reached: reachedOf(points),
    lacks: newest?.members ?? [],
    proven: count('proven'),
    partial: count('partial'),
    damaged: count('damaged'),
    damagedCopies: points
      .filter(({ state }) => state !== 'expiring')
      .flatMap(({ members }) => members)
      .filter(({ state }) => state === 'damaged').length,
  };
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
