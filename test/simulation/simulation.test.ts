import { expect } from 'chai';
import { commandOf } from './command.ts';
import { simulate } from './simulation.ts';

/** Of `npm test`; more of them: `npm run test:simulation`. */
const parts = 3;
const seedsOfPart = 100;

describe('the simulation', function () {
  this.timeout(120_000);

  for (let part = 0; part < parts; part += 1) {
    const first = part * seedsOfPart + 1;
    it(`holds all invariants in seeds ${first} to ${first + seedsOfPart - 1}`, async () => {
      for (let seed = first; seed < first + seedsOfPart; seed += 1) {
        const { violation } = await simulate(seed);
        expect(violation, `${commandOf(seed)} shows it`).to.equal(null);
      }
    });
  }
});
