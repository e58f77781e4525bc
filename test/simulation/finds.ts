import { expect } from 'chai';
import type { Plants } from './controllers/sim-controller.ts';
import { simulate } from './simulation.ts';

/** A part of the product that is broken on purpose, and the invariants one of which must see it. */
export type Bug = readonly [what: string, plants: Plants, found: readonly string[]];

/** Declares a test for each: so few seeds find it. */
export function findsWithin(seeds: number, bugs: readonly Bug[]): void {
  describe('the invariants of the simulation find', () => {
    for (const [what, plants, found] of bugs)
      it(what, async () => {
        const violated: (string | undefined)[] = [];
        for (let seed = 1; seed <= seeds; seed += 1) {
          const { violation } = await simulate(seed, { plants });
          violated.push(violation?.invariant);
          if (violation !== null && found.includes(violation.invariant)) return;
        }
        expect.fail(`none of ${found.join(', ')} in ${seeds} seeds, but ${violated.join(', ')}`);
      });
  });
}
