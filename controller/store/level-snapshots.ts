import type { Level } from 'level';

type Snapshot = ReturnType<Level['snapshot']>;

/** Each keeps LevelDB from clearing away what was overwritten since: few, and not for ever. */
const most = 16;
const farthest = 10_000;

/** The states of which further pages may be asked for, by revision. */
export class LevelSnapshots {
  readonly #kept = new Map<number, Snapshot>();

  get(revision: number): Snapshot | undefined {
    return this.#kept.get(revision);
  }

  /** Takes it over; the oldest goes when there are too many. */
  async keep(revision: number, snapshot: Snapshot): Promise<void> {
    const before = this.#kept.get(revision);
    this.#kept.delete(revision);
    this.#kept.set(revision, snapshot);
    const oldest = this.#kept.size > most ? this.#kept.entries().next().value : undefined;
    if (oldest !== undefined) this.#kept.delete(oldest[0]);
    // Waits for those who read from it.
    await Promise.all([before?.close(), oldest?.[1].close()]);
  }

  /** The store has come to this revision. */
  async forget(revision: number): Promise<void> {
    const old = [...this.#kept].filter(([kept]) => kept <= revision - farthest);
    for (const [kept] of old) this.#kept.delete(kept);
    await Promise.all(old.map(([, snapshot]) => snapshot.close()));
  }
}
