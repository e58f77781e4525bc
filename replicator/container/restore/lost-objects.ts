import { referencesOf, type CatalogRow, type Reference } from '../catalog/row.ts';

/** Of one container; of what is more than that its bank is no bank any more, and nothing that refers there is made. */
const listedAtMost = 50_000;

type RowsOfPart = readonly [container: string, rows: () => AsyncIterable<CatalogRow>];

/**
 * Objects of a copy whose bytes the bank does not hold as they were stored, and what is made of them: a DLO
 * of which one segment is lost would be served with a hole, and a link would lead to nothing. By their names
 * in the source.
 */
export class LostObjects {
  /** By container; null: too many to list. */
  readonly #own = new Map<string, Set<string> | null>();
  readonly #madeOf = new Set<string>();

  add(container: string, name: string): void {
    const names = this.#own.get(container);
    if (names === null) return;
    if (names === undefined) this.#own.set(container, new Set([name]));
    else if (names.size < listedAtMost) names.add(name);
    else this.#own.set(container, null);
  }

  /** Of a row that refers to others: whether it can't be what it was. To be asked after `follow`. */
  concerns(container: string, { name }: CatalogRow): boolean {
    return this.#madeOf.has(pathOf(container, name));
  }

  /** Finds what is made of what is lost, and what of that; nothing is read where nothing is lost. */
  async follow(parts: readonly RowsOfPart[]): Promise<void> {
    if (this.#own.size === 0) return;
    for (;;) {
      const before = this.#madeOf.size;
      for (const [container, rows] of parts)
        for await (const row of rows())
          if (referencesOf(row).some((each) => this.#isLost(each)))
            this.#madeOf.add(pathOf(container, row.name));
      if (this.#madeOf.size === before) return;
    }
  }

  #isLost({ container, name, isPrefix }: Reference): boolean {
    const path = pathOf(container, name);
    const own = this.#own.get(container);
    if (own === null) return true;
    if (!isPrefix) return own?.has(name) === true || this.#madeOf.has(path);
    return (
      [...(own ?? [])].some((each) => each.startsWith(name)) ||
      [...this.#madeOf].some((each) => each.startsWith(path))
    );
  }
}

function pathOf(container: string, name: string): string {
  return `${container}/${name}`;
}
