import { expect } from 'chai';
import type { ImageCopy } from '../../../replicator/image/types.ts';
import type { Scrubbed } from '../../../replicator/mover.ts';
import { bytes, image, Setting } from './setting.ts';

describe('image mover: scrub', () => {
  async function scrub(at: Setting, copies: readonly ImageCopy[], after = '') {
    const steps: Scrubbed<ImageCopy>[] = [];
    for await (const step of at.mover.scrub(copies, after, at.session)) steps.push(step);
    return steps;
  }

  it('downloads an image once for all points that have it, and not again after it', async () => {
    const at = new Setting();
    const first = await at.protect();
    const copies = [first, { ...first, dataTime: '2026-11-22T00:00:00.000Z' }];
    const downloads = () => at.west.calls.filter((call) => call.startsWith('download')).length;
    const before = downloads();
    const [step, ...others] = await scrub(at, copies);
    expect([step?.damage, others]).to.deep.equal([[], []]);
    expect(downloads() - before).to.equal(1);
    expect(await scrub(at, copies, step!.upTo)).to.deep.equal([]);
    expect(downloads() - before).to.equal(1);
  });

  it('finds altered data, and names every copy that has it', async () => {
    const at = new Setting();
    const first = await at.protect();
    const copies = [first, { ...first, dataTime: '2026-11-22T00:00:00.000Z' }];
    at.west.stored.get(first.targetImageId)!.data = bytes(20_000, 'b');
    const damage = (await scrub(at, copies)).flatMap((step) => step.damage);
    expect(damage.map(({ copy }) => copy)).to.deep.equal(copies);
    for (const { findings, damaged } of damage) {
      expect(damaged).to.equal(1);
      expect(findings[0]).to.deep.include({ resource: `image/${image.id}`, problem: 'altered' });
    }
  });
});
