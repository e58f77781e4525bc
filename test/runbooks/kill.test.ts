import { expect } from 'chai';

import type { Execution } from '../../runbooks/execution/types.ts';
import { orderOf } from './support/bench.ts';
import { Mortal } from './support/mortal.ts';

/** One run that is killed once, at one moment; null when it ended before. */
async function killedAt(moment: number, runbook: 'drill' | 'failover'): Promise<Mortal | null> {
  const mortal = new Mortal((at) => at === moment);
  const { site } = mortal.bench;
  site.addPoint('p2', 10);
  site.rotten.add('p2');
  const execution = await started(mortal, runbook);
  await mortal.worker.stop();
  const what = `killed at moment ${moment}`;
  expect(execution.result, what).to.equal('succeeded');
  expect(execution.point, what).to.equal('p1');
  expect(site.log.filter((line) => line.startsWith('create')).length, what).to.equal(3);
  const notes = execution.steps.find((step) => step.id === 'choose-point')!.notes.join();
  expect(notes, what).to.include('point p2 is damaged');
  if (runbook === 'drill') expect(site.made.size, what).to.equal(0);
  else expect([site.made.size, site.generation], what).to.deep.equal([3, 2]);
  return mortal.kills === 0 ? null : mortal;
}

async function started(mortal: Mortal, runbook: 'drill' | 'failover'): Promise<Execution> {
  try {
    await mortal.bench.start(runbook);
  } catch (error) {
    mortal.diedOf(error);
  }
  const known = mortal.bench.stored()[0];
  if (known !== undefined) return mortal.ended(known.id);
  // Killed before the order was committed: it never happened, and is given again.
  await mortal.reborn();
  return mortal.ended((await mortal.runner.start(orderOf(runbook))).id);
}

describe('killed at every write and every effect', () => {
  for (const runbook of ['failover', 'drill'] as const)
    it(`a ${runbook} goes on, does nothing twice that was done, and ends the same`, async () => {
      let moment = 1;
      while ((await killedAt(moment, runbook)) !== null) moment += 1;
      expect(moment).to.be.above(50);
    });
});
