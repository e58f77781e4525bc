import { expect } from 'chai';
import { simulate } from './simulation.ts';

describe('a seed of the simulation', () => {
  it('gives the same history each time, traced or not, and another seed another', async () => {
    const [first, again, traced] = [
      await simulate(11),
      await simulate(11),
      await simulate(11, { isTraced: true }),
    ];
    expect(again.hash).to.equal(first.hash);
    expect(traced.hash).to.equal(first.hash);
    expect(traced.trace.length).to.be.greaterThan(100);
    expect((await simulate(12)).hash).not.to.equal(first.hash);
  });
});
