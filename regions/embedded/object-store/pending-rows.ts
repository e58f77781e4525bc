import type { Faults } from '../faults/faults.ts';
import type { Clock } from '../../../kernel/clock.ts';
import type { Table, Tables, Write } from '../store/tables.ts';
import { containerKey } from './keys.ts';
import type { PendingRow } from './records.ts';

export type HeldRow = Omit<PendingRow, 'madeAtMs'>;

/**
 * Changes of listings that are not seen yet. They are applied in their order, by whoever reads the
 * listing or its statistics next; a container with one waiting lets none overtake it.
 */
export class PendingRows {
  readonly #table: Table<PendingRow>;
  readonly #faults: Faults;
  readonly #clock: Clock;
  /** How many wait, by container. */
  readonly #waiting = new Map<string, number>();
  #sequence = 0;

  constructor(tables: Tables, faults: Faults, clock: Clock) {
    this.#table = tables.table('pending-row');
    this.#faults = faults;
    this.#clock = clock;
  }

  async load(): Promise<void> {
    for await (const [key, { account, container }] of this.#table.range()) {
      this.#count(containerKey(account, container), 1);
      this.#sequence = Math.max(this.#sequence, Number(key.slice(key.lastIndexOf('/') + 1)) + 1);
    }
  }

  isHeld(container: string): boolean {
    return this.#faults.conditions.listingLagMs > 0 || this.#waiting.has(container);
  }

  has(container: string): boolean {
    return this.#waiting.has(container);
  }

  /** Keys of the account's containers where something waits. */
  containersOf(account: string): readonly string[] {
    return [...this.#waiting.keys()].filter((key) => key.startsWith(`${account}/`));
  }

  /** The write must be committed. */
  hold(row: HeldRow): Write {
    const container = containerKey(row.account, row.container);
    this.#count(container, 1);
    const key = `${container}/${String(this.#sequence++).padStart(15, '0')}`;
    return this.#table.put(key, { ...row, madeAtMs: this.#clock.now() });
  }

  /** What may be seen by now, oldest first, each with the write that takes it out. */
  async *due(container: string): AsyncGenerator<readonly [PendingRow, Write]> {
    if (!this.has(container)) return;
    const lagMs = this.#faults.conditions.listingLagMs;
    for await (const [key, row] of this.#table.range({
      gte: `${container}/`,
      lt: `${container}0`,
    })) {
      const ageMs = this.#clock.now() - row.madeAtMs;
      // A clock that was set back says nothing about the age.
      if (lagMs > 0 && ageMs >= 0 && ageMs < lagMs) return;
      yield [row, this.#table.del(key)];
    }
  }

  /** After the commit of their writes. */
  taken(container: string, count: number): void {
    this.#count(container, -count);
  }

  #count(container: string, by: number): void {
    const count = (this.#waiting.get(container) ?? 0) + by;
    if (count > 0) this.#waiting.set(container, count);
    else this.#waiting.delete(container);
  }
}
