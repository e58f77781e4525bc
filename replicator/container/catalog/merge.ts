import { FarshoreError } from '../../../kernel/errors.ts';
import { compareNames } from '../../../regions/object-store/names.ts';

export interface Named {
  readonly name: string;
}

export type Merged<S extends readonly Named[]> = {
  readonly name: string;
  /** For each stream what it has under this name, in its order; mostly one or none. */
  readonly groups: { readonly [K in keyof S]: readonly S[K][] };
};

/**
 * Merges streams that are ordered by the UTF-8 bytes of their names, holding one name's items at a
 * time. A stream that is not in order throws `container.listing-unordered` before anything after the
 * break is given: a listing that jumps back would look like deletions.
 */
export async function* mergeByName<S extends readonly Named[]>(
  ...streams: { readonly [K in keyof S]: AsyncIterable<S[K]> }
): AsyncGenerator<Merged<S>> {
  const heads = streams.map((stream) => new Head(stream));
  try {
    await Promise.all(heads.map((head) => head.advance()));
    for (let name = least(heads); name !== undefined; name = least(heads)) {
      const groups: (readonly Named[])[] = [];
      for (const head of heads) groups.push(await head.take(name));
      yield { name, groups: groups as unknown as Merged<S>['groups'] };
    }
  } finally {
    await Promise.all(heads.map((head) => head.close()));
  }
}

function least(heads: readonly Head[]): string | undefined {
  let found: string | undefined;
  for (const { item } of heads) {
    if (item === undefined || item.name === found) continue;
    if (found === undefined || compareNames(item.name, found) < 0) found = item.name;
  }
  return found;
}

class Head {
  item: Named | undefined;
  readonly #items: AsyncIterator<Named>;

  constructor(stream: AsyncIterable<Named>) {
    this.#items = stream[Symbol.asyncIterator]();
  }

  async advance(): Promise<Named | undefined> {
    const next = await this.#items.next();
    const before = this.item;
    this.item = next.done === true ? undefined : next.value;
    const isOrdered =
      before === undefined ||
      this.item === undefined ||
      before.name === this.item.name ||
      compareNames(before.name, this.item.name) < 0;
    if (!isOrdered) throw unordered(before.name, this.item?.name ?? '');
    return this.item;
  }

  async take(name: string): Promise<readonly Named[]> {
    const taken: Named[] = [];
    for (let item = this.item; item?.name === name; item = await this.advance()) taken.push(item);
    return taken;
  }

  async close(): Promise<void> {
    await this.#items.return?.();
  }
}

function unordered(before: string, after: string): FarshoreError {
  return new FarshoreError(`'${after}' came after '${before}'`, {
    code: 'container.listing-unordered',
    kind: 'transient',
    operation: 'read a listing',
    subject: after,
    hint: 'container servers may be repairing a database; if it stays so, look at their logs',
  });
}
