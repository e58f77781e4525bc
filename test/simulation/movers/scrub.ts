import type { Copy, Finding, Scrubbed, TargetContext } from '../../../replicator/mover.ts';
import { linkOf } from '../world/sim-scope.ts';
import type { StoredObject } from '../world/types.ts';
import { copyNames, findingOf, rowsOf } from './rows.ts';

/** Each stored object once, in the order of their names, and what is wrong with it of every copy that has it. */
export async function* scrub(
  copies: readonly Copy[],
  after: string,
  at: TargetContext,
): AsyncGenerator<Scrubbed> {
  const holders = new Map<string, Set<Copy>>();
  for (const copy of copies)
    for (const name of copyNames(copy, await rowsOf(copy, at.bank, at.signal)))
      if (name > after) holders.set(name, (holders.get(name) ?? new Set()).add(copy));
  for (const [name, sharing] of [...holders].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const problem = await linkOf(at.target).read(
      'read copies',
      (region) => readBack(region.copies.get(name)),
      at.signal,
    );
    const damage =
      problem === null
        ? []
        : [...sharing].map((copy) => ({
            copy,
            findings: [findingOf(copy, name, problem)],
            damaged: 1,
          }));
    yield { upTo: name, damage };
  }
}

function readBack(found: StoredObject | undefined): Finding['problem'] | null {
  if (found === undefined) return 'missing';
  found.isChecked = found.isWhole;
  return found.isWhole ? null : 'altered';
}
