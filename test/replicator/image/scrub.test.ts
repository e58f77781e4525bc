import { expect } from 'chai';
import type { ImageCopy } from '../../../replicator/image/types.ts';
import { scrubUntil } from '../../support/break-off.ts';
import { collect } from '../../support/rejection.ts';
import { bytes, image, Setting } from './setting.ts';

describe('image mover: scrub', () => {
  const scrub = (at: Setting, copies: readonly ImageCopy[], after = '') =>
    collect(at.mover.scrub(copies, after, at.session));

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

  const breakOff = (at: Setting, copies: readonly ImageCopy[], mostBytes: number) =>
    scrubUntil(mostBytes, at.session, (inner) => at.mover.scrub(copies, '', inner));

  /** Larger than what is under way between two streams. */
  const length = 400_000;

  async function protectLarge(at: Setting): Promise<readonly ImageCopy[]> {
    at.east.add('i1', bytes(length), { name: 'debian-12' });
    return [await at.protect()];
  }

  it('goes on with an image where it was broken off, so often as it is', async () => {
    const at = new Setting();
    const copies = await protectLarge(at);
    const most = [100_000, 100_000, 100_000, Infinity];
    const parts = [];
    for (const each of most) parts.push(await breakOff(at, copies, each));
    expect(parts.at(-1)?.steps.map(({ damage }) => damage)).to.deep.equal([[]]);
    const read = parts.reduce((sum, part) => sum + part.bytes, 0);
    expect(read).to.be.within(length, length + 3 * 32_768);
    // The round after reads all of it again.
    expect((await breakOff(at, copies, Infinity)).bytes).to.equal(length);
  });

  it('begins anew where the store cannot read from the middle, and for another group', async () => {
    const at = new Setting();
    const copies = await protectLarge(at);
    await breakOff(at, copies, 100_000);
    at.west.readsRanges = false;
    const { steps, bytes: read } = await breakOff(at, copies, Infinity);
    expect([read, steps.flatMap(({ damage }) => damage)]).to.deep.equal([length, []]);
    at.west.readsRanges = true;
    await breakOff(at, copies, 100_000);
    const other = await scrubUntil(Infinity, { ...at.session, group: 'other' }, (inner) =>
      at.mover.scrub(copies, '', inner),
    );
    expect(other.bytes).to.equal(length);
  });

  it('finds what was altered before the place and after it, and what was lost meanwhile', async () => {
    for (const harm of ['before', 'after', 'shorter'] as const) {
      const at = new Setting();
      const copies = await protectLarge(at);
      const held = at.west.stored.get(copies[0]!.targetImageId)!;
      const whole = held.data;
      held.data = Buffer.from(whole);
      if (harm === 'before') held.data[100] = held.data[100]! ^ 1;
      await breakOff(at, copies, 100_000);
      if (harm === 'after') held.data[length - 1] = held.data[length - 1]! ^ 1;
      if (harm === 'shorter') held.data = whole.subarray(0, 2_000);
      const problems = (await scrub(at, copies)).flatMap(({ damage }) =>
        damage.flatMap(({ findings }) => findings.map(({ problem }) => problem)),
      );
      expect(problems, harm).to.deep.equal([harm === 'shorter' ? 'truncated' : 'altered']);
    }
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
