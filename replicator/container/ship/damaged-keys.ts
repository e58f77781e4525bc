import type { Finding } from '../../mover.ts';
import type { CatalogRow } from '../catalog/row.ts';

/** From so many findings on the list may be cut short, and nothing of the copy before is trusted. */
const findingsKept = 1_000;

/** What is known to be damaged in the bank: it is taken from the source again, and stored anew. */
export class DamagedKeys {
  readonly #keys: ReadonlySet<string>;
  readonly #subjects: ReadonlySet<string>;
  readonly #isAll: boolean;

  constructor(damage: readonly Finding[]) {
    this.#keys = new Set(damage.flatMap(({ stored }) => stored ?? []));
    this.#subjects = new Set(damage.map(({ subject }) => subject));
    this.#isAll = damage.length >= findingsKept;
  }

  hasKey(key: string): boolean {
    return this.#isAll || this.#keys.has(key);
  }

  has(row: CatalogRow, container: string): boolean {
    if (row.key !== undefined && this.hasKey(row.key)) return true;
    return this.#isAll || this.#subjects.has(`${container}/${row.name}`);
  }
}
