import { expect } from 'chai';
import type { Plants } from './controllers/sim-controller.ts';
import {
  missingLastObject,
  overstayingLease,
  skippedClaim,
  skippedGeneration,
  stepDoneTwice,
} from './planted-bugs.ts';
import { simulate } from './simulation.ts';

/** So few seeds find each of them. */
const seeds = 40;

const bugs: readonly (readonly [what: string, plants: Plants, found: readonly string[]])[] = [
  ['a skipped comparison of the generation', skippedGeneration, ['stale-generation']],
  ['a skipped comparison of the claim', skippedClaim, ['stale-claim']],
  ['a point committed before its last object', missingLastObject, ['visible-point-whole']],
  ['a step done twice', stepDoneTwice, ['done-once', 'step-done-once']],
  ['a lease that overstays', overstayingLease, ['single-leader', 'single-holder']],
];

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
