import type { Clock } from '../../kernel/clock.ts';
import type { Operation } from '../store/store.ts';

interface Write {
  readonly revision: number;
  readonly atMs: number;
  /** Null where something was put. A deletion of what was not there is heard of by no watch. */
  readonly deleted: readonly string[] | null;
}

/** Whether a reader still has the key. */
type Holds = (path: string) => boolean;

/** Enough to tell how far a mirror is behind; of more, the oldest are forgotten. */
const keptWrites = 64;

/**
 * The revisions that this process wrote lately, by the first part of their keys: who wrote through it
 * must find the write when it reads, and how far a mirror is behind can be told from what it lacks.
 */
export class OwnWrites {
  readonly #clock: Clock;
  readonly #areas = new Map<string, Write[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note(operations: readonly Operation[], revision: number): void {
    const atMs = this.#clock.monotonicMs();
    for (const [area, made] of Map.groupBy(operations, ({ path }) => areaOf(path))) {
      const isPut = made.some(({ type }) => type === 'put');
      const write = { revision, atMs, deleted: isPut ? null : made.map(({ path }) => path) };
      const writes = this.#areas.get(area) ?? [];
      // Answers to transactions can overtake each other.
      const at = writes.findLastIndex((each) => each.revision < revision) + 1;
      writes.splice(at, 0, write);
      if (writes.length > keptWrites) writes.shift();
      this.#areas.set(area, writes);
    }
  }

  /**
   * Of all keys that begin as this one does; 0 before the first write. Of deletions only those count
   * that who `holds` what they deleted has not heard of.
   */
  newest(path: string, holds: Holds = () => true): number {
    const writes = this.#areas.get(areaOf(path)) ?? [];
    return writes.findLast((write) => isToBeHeard(write, holds))?.revision ?? 0;
  }

  /** How long ago the first of the writes was acknowledged that who is at `revision` lacks; 0: none. */
  lagMs(path: string, revision: number, holds: Holds = () => true): number {
    const writes = this.#areas.get(areaOf(path)) ?? [];
    const missed = writes.find((write) => write.revision > revision && isToBeHeard(write, holds));
    return missed === undefined ? 0 : this.#clock.monotonicMs() - missed.atMs;
  }
}

function isToBeHeard({ deleted }: Write, holds: Holds): boolean {
  return deleted === null || deleted.some(holds);
}

function areaOf(path: string): string {
  const end = path.indexOf('/');
  return end === -1 ? path : path.slice(0, end);
}
