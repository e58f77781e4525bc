import { expect } from 'chai';
import { Harness } from './harness.ts';

describe('a session that was given up after it wrote its manifest', () => {
  it('leaves that to the next one, which takes it away while the session is remembered', async () => {
    const at = new Harness();
    const writeManifest = at.bank.writeManifest.bind(at.bank);
    at.bank.writeManifest = (group, point, body) =>
      writeManifest(group, point, body.subarray(0, -2));
    const { phase, pointId } = await at.protect();
    expect(phase).to.equal('failed');
    expect(await at.bank.readManifest('shop', pointId)).to.not.equal(null);

    at.bank.writeManifest = writeManifest;
    const next = await at.protect();
    expect(await at.bank.readManifest('shop', pointId)).to.equal(null);
    expect(await at.bank.readManifest('shop', next.pointId)).to.not.equal(null);
  });
});
