import { expect } from 'chai';
import { commandOf } from './command.ts';
import { simulate } from './simulation.ts';

/**
 * Declares the test of these seeds. A file each has some of them, since mocha gives its processes
 * whole files. More of them: `npm run test:simulation`.
 */
export function holdsInSeeds(first: number, last: number): void {
  describe('the simulation', () => {
    it(`holds all invariants in seeds ${first} to ${last}`, async () => {
      for (let seed = first; seed <= last; seed += 1) {
        const { violation } = await simulate(seed);
        expect(violation, `${commandOf(seed)} shows it`).to.equal(null);
      }
    });
  });
}
