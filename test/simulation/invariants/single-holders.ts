import type { Belief } from '../controllers/watched-claims.ts';
import { must, type Invariant, type Scene } from './types.ts';

/**
 * At any time at most one controller believes, by its own clock, that it holds a claim, or that it
 * leads. Who was robbed of a claim by a failover, or by whoever else, believes in it until it hears of
 * that: what it writes compares the claim, so that does no harm.
 */
export function singleHolders({ sites, cluster, world }: Scene): Invariant {
  const robbed = new Set<string>();
  const isRobbed = ({ claim: { compare } }: Belief) =>
    robbed.has(`${compare.path} ${compare.modRevision}`);
  return {
    onCommit({ by, changes, revision }) {
      for (const change of changes) {
        if (change.type === 'put' || !change.path.startsWith('live/claims/') || by === null)
          continue;
        const before = cluster.state.get(change.path, revision - 1);
        const holder = (before?.value as { controller: string } | undefined)?.controller ?? '';
        const remover = sites.find(({ process }) => process.name === by)?.controller;
        // To give it back is all that its holder's transaction does.
        const isGivenBack = remover?.id === holder && changes.length === 1;
        if (before !== null && !isGivenBack) robbed.add(`${change.path} ${before.modRevision}`);
      }
    },
    afterEvent() {
      const held = new Map<string, Belief>();
      for (const { controller } of sites)
        for (const belief of controller.beliefs) {
          if (!belief.isHeld() || isRobbed(belief)) continue;
          const { path } = belief.claim.compare;
          const other = held.get(path);
          must(
            'single-holder',
            other === undefined,
            () => `${other?.process.name ?? ''} and ${belief.process.name} both hold ${path}`,
          );
          held.set(path, belief);
        }
      const leaders = sites.filter(({ controller }) => controller.believesToLead());
      must(
        'single-leader',
        leaders.length <= 1,
        () =>
          `${leaders.map(({ process }) => process.name).join(' and ')} lead at ${world.scheduler.nowMs}`,
      );
    },
  };
}
