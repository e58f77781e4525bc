import { expect } from 'chai';
import type { ImageCopy } from '../../../replicator/image/types.ts';
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

  /** Until so many bytes were read, then it is told to stop, as a session does that is due. */
  async function breakOff(at: Setting, copies: readonly ImageCopy[], afterBytes: number) {
    const stop = new AbortController();
    const before = at.west.bytesOut;
    const pass = at.mover.scrub(copies, '', { ...at.session, signal: stop.signal });
    at.west.whileReading = () => {
      if (at.west.bytesOut - before >= afterBytes) stop.abort();
    };
    const ended = await collect(pass).catch((error: unknown) => error);
    at.west.whileReading = () => undefined;
    expect(ended).to.equal(stop.signal.reason);
  }

  it('goes on with an image where it was broken off, so often as it is', async () => {
    const at = new Setting();
    const copies = [await at.protect()];
    const before = at.west.bytesOut;
    for (let times = 0; times < 3; times += 1) await breakOff(at, copies, 4_096);
    expect((await scrub(at, copies)).map(({ damage }) => damage)).to.deep.equal([[]]);
    // What was on its way when it was broken off comes once more.
    expect(at.west.bytesOut - before).to.be.within(20_000, 20_000 + 3 * 8_192);
    // The round after reads all of it again.
    const second = at.west.bytesOut;
    await scrub(at, copies);
    expect(at.west.bytesOut - second).to.equal(20_000);
  });

  it('begins anew where the store cannot read from the middle, and for another group or region', async () => {
    const at = new Setting();
    const copies = [await at.protect()];
    await breakOff(at, copies, 4_096);
    at.west.readsRanges = false;
    const before = at.west.bytesOut;
    expect((await scrub(at, copies)).flatMap(({ damage }) => damage)).to.deep.equal([]);
    expect(at.west.bytesOut - before).to.equal(20_000);
    at.west.readsRanges = true;
    await breakOff(at, copies, 4_096);
    const other = at.west.bytesOut;
    for await (const { damage } of at.mover.scrub(copies, '', { ...at.session, group: 'other' }))
      expect(damage).to.deep.equal([]);
    expect(at.west.bytesOut - other).to.equal(20_000);
  });

  it('finds what was altered before the place and after it, and what was lost meanwhile', async () => {
    for (const harm of ['before', 'after', 'shorter'] as const) {
      const at = new Setting();
      const copies = [await at.protect()];
      const held = at.west.stored.get(copies[0]!.targetImageId)!;
      const whole = held.data;
      held.data = Buffer.from(whole);
      if (harm === 'before') held.data[100] = held.data[100]! ^ 1;
      await breakOff(at, copies, 8_192);
      if (harm === 'after') held.data[19_000] = held.data[19_000]! ^ 1;
      if (harm === 'shorter') held.data = whole.subarray(0, 2_000);
      const once = await scrub(at, copies).catch(() => null);
      // It is cut at another place than before: only a second look can tell.
      const steps = harm === 'shorter' ? await scrub(at, copies) : once;
      const problems = (steps ?? []).flatMap(({ damage }) =>
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
