import { expect } from 'chai';
import fc from 'fast-check';

import type { Execution } from '../../runbooks/execution/types.ts';
import { transient } from './support/site.ts';
import { Mortal } from './support/mortal.ts';

interface Course {
  readonly runbook: 'drill' | 'failover';
  readonly parallel: number;
  readonly kills: readonly number[];
  readonly faults: readonly number[];
  readonly rotten: readonly string[];
  readonly verdicts: readonly ('verified' | 'unchecked' | 'mismatch')[];
  readonly cancelAt: number | null;
  readonly workMs: number;
}

const courses: fc.Arbitrary<Course> = fc.record({
  runbook: fc.constantFrom('drill', 'failover'),
  parallel: fc.integer({ min: 1, max: 4 }),
  kills: fc.uniqueArray(fc.integer({ min: 2, max: 120 }), { maxLength: 4 }),
  faults: fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { maxLength: 5 }),
  rotten: fc.subarray(['p2', 'p3']),
  verdicts: fc.array(fc.constantFrom('verified', 'verified', 'verified', 'unchecked', 'mismatch'), {
    minLength: 3,
    maxLength: 3,
  }),
  cancelAt: fc.option(fc.integer({ min: 3, max: 60 }), { freq: 4 }),
  workMs: fc.integer({ min: 0, max: 5_000 }),
});

async function carriedOut(course: Course): Promise<[Execution, Mortal]> {
  const mortal = new Mortal((moment) => course.kills.includes(moment - 2));
  const { site } = mortal.bench;
  site.workMs = course.workMs;
  site.addPoint('p2', 20);
  site.addPoint('p3', 10);
  for (const id of course.rotten) site.rotten.add(id);
  const keys = ['volume/v1', 'image/i1', 'container/c1'];
  site.checked = (key) => course.verdicts[keys.indexOf(key)]!;
  let effects = 0;
  mortal.fault = () => {
    if (course.faults.includes(++effects)) throw transient();
  };
  const params = { parallel: course.parallel };
  const { id } = await mortal.bench.start(course.runbook, { params });
  const ending = mortal.ended(id);
  while (course.cancelAt !== null && mortal.moments < course.cancelAt) {
    await new Promise((resolve) => setImmediate(resolve));
    if (mortal.bench.stored().find((each) => each.id === id)?.state === 'ended') break;
  }
  // An order to a process that just died, or to an execution that just ended, has no effect.
  if (course.cancelAt !== null) await mortal.runner.cancel(id).catch(() => undefined);
  const ended = await ending;
  await mortal.worker.stop();
  return [ended, mortal];
}

function assertRight(execution: Execution, { bench: { site } }: Mortal, course: Course): void {
  const { steps, result } = execution;
  const states = new Set(steps.map((step) => step.state));
  if (result === 'succeeded') {
    expect([...states]).to.deep.equal(['done']);
    expect(course.verdicts).to.deep.equal(Array(3).fill('verified'));
  }
  if (result === 'unchecked') expect(states).not.to.include('failed');
  if (result === 'cancelled') expect(execution.cancelRequested).to.equal(true);
  if (execution.point !== undefined) expect(site.rotten).not.to.include(execution.point);
  for (const count of site.creations.values()) expect(count).to.equal(1);
  if (course.runbook === 'drill') {
    expect(site.generation).to.equal(1);
    if (steps.find((step) => step.id === 'inventory')!.state === 'done')
      expect(site.made.size).to.equal(0);
  } else if (site.made.size > 0) {
    expect(site.log.indexOf('raise')).to.be.within(
      0,
      site.log.findIndex((line) => line.startsWith('create')),
    );
  }
  const before = site.log.slice(
    0,
    Math.max(
      0,
      site.log.findIndex((l) => l.startsWith('create')),
    ),
  );
  if (site.creations.size > 0)
    expect(before.some((line) => line === `verify ${execution.point ?? ''} content`)).to.equal(
      true,
    );
}

describe('random courses of an execution', () => {
  it('keep every promise, whatever fails, dies or is cancelled', async () => {
    const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
    console.log(`      seed ${seed}`);
    const property = fc.asyncProperty(courses, async (course) => {
      const [execution, mortal] = await carriedOut(course);
      assertRight(execution, mortal, course);
    });
    await fc.assert(property, { seed, numRuns: 300 });
  });
});
