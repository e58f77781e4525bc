import { expect } from 'chai';
import { chosenFor } from '../../../controller/cluster/turn.ts';
import type { ControllerInfo } from '../../../controller/cluster/types.ts';

const info = (id: string, region: string | null): ControllerInfo => ({
  id,
  site: region ?? 'witness',
  region,
  startedAt: '',
  version: 'test',
});

const chosen = (regions: readonly string[], ...controllers: readonly ControllerInfo[]) =>
  chosenFor('shop', regions, controllers)?.id ?? null;

describe('chosenFor', () => {
  const east = info('e', 'east');
  const west = info('w', 'west');
  const north = info('n', 'north');
  const witness = info('x', null);

  it('takes the nearest that is there', () => {
    expect(chosen(['west', 'east'], east, west, north)).to.equal('w');
    expect(chosen(['west', 'east'], east, north)).to.equal('e');
    expect(chosen(['west', 'east'], north, witness)).to.equal('n');
  });

  it('never takes a witness', () => {
    expect(chosen(['west'], witness)).to.equal(null);
    expect(chosen(['west'])).to.equal(null);
  });

  it('is the same whatever the order in which they are known', () => {
    const several = ['a', 'b', 'c', 'd'].map((id) => info(id, 'west'));
    expect(chosen(['west'], ...several)).to.equal(chosen(['west'], ...several.toReversed()));
  });

  it('spreads the work over equals, and moves only what was with one that goes', () => {
    const several = ['a', 'b', 'c', 'd'].map((id) => info(id, 'west'));
    const works = Array.from({ length: 400 }, (_, n) => `group-${n}`);
    const before = works.map((work) => chosenFor(work, ['west'], several)!.id);
    for (const { id } of several)
      expect(before.filter((each) => each === id).length).to.be.within(60, 140);
    const after = works.map((work) => chosenFor(work, ['west'], several.slice(1))!.id);
    for (const [index, id] of before.entries()) if (id !== 'a') expect(after[index]).to.equal(id);
  });
});
