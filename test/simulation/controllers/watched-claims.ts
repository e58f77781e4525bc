import type { Claim, Claims } from '../../../controller/cluster/types.ts';
import type { SimProcess } from '../engine/process.ts';

/** A claim that a process was given. */
export interface Belief {
  readonly claim: Claim;
  readonly process: SimProcess;
  /** The process, asked now, would say that it holds it. */
  isHeld(): boolean;
}

/** The same claims, with a list of those that were given. */
export function watchedClaims(
  claims: Claims,
  process: SimProcess,
  hasLease: () => boolean,
): { readonly claims: Claims; readonly beliefs: ReadonlySet<Belief> } {
  const beliefs = new Set<Belief>();
  const seen = <C extends Claim | null>(claim: C): C => {
    if (claim === null) return claim;
    const belief: Belief = {
      claim,
      process,
      isHeld: () => !process.isDead && !claim.lost.aborted && hasLease(),
    };
    beliefs.add(belief);
    claim.lost.addEventListener('abort', () => beliefs.delete(belief), { once: true });
    return claim;
  };
  return {
    beliefs,
    claims: {
      take: async (kind, id) => seen(await claims.take(kind, id)),
      insist: async (group, signal) => seen(await claims.insist(group, signal)),
      compareOf: (kind, id) => claims.compareOf(kind, id),
    },
  };
}
