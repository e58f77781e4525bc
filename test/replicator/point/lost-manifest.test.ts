import { expect } from 'chai';
import { Harness } from '../session/harness.ts';

describe('a session that meets a lost manifest', () => {
  it('says of a point that its manifest is lost, and goes on from the one before', async () => {
    const at = new Harness();
    await at.protect();
    at.write('container/photos', 'changed');
    await at.protect();
    const [newest, first] = await at.ledger.points('shop');
    await at.bank.deleteManifest('shop', newest!.id);
    expect((await at.protect()).phase).to.equal('done');
    const states = new Map((await at.ledger.points('shop')).map(({ id, state }) => [id, state]));
    expect(states.get(newest!.id)).to.equal('damaged');
    expect(states.get(first!.id)).to.equal('proven');
  });
});
