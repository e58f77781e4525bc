import { expect } from 'chai';
import type { Scrubbed } from '../../../replicator/mover.ts';
import type { VolumeCopy } from '../../../replicator/volume/types.ts';
import { Findings } from '../../../replicator/findings.ts';
import { verifyContent } from '../../../replicator/volume/verify/content.ts';
import { noise, Setting } from './setting.ts';

describe('volume mover: scrub', () => {
  let at: Setting;
  let copies: VolumeCopy[];

  beforeEach(async () => {
    at = await new Setting().open();
    const first = await at.protect('s1');
    at.write(100_000, noise(5_000, 'second'));
    const second = await at.protect('s2', first);
    at.write(700_000, noise(5_000, 'third'));
    copies = [await at.protect('s3', second), second, first];
    expect(copies.map(({ chain }) => chain.length)).to.deep.equal([3, 2, 1]);
    at.westStore.forget();
  });

  afterEach(() => at.close());

  async function scrub(after = ''): Promise<Scrubbed<VolumeCopy>[]> {
    const steps: Scrubbed<VolumeCopy>[] = [];
    for await (const step of at.mover.scrub(copies, after, at.session('scrub'))) steps.push(step);
    return steps;
  }

  const endsBackup = ({ upTo }: Scrubbed<VolumeCopy>) => upTo.endsWith(' Infinity');
  const chunksRead = () =>
    at.westStore.requests
      .filter(({ method, object }) => method === 'GET' && /-\d+$/.test(object ?? ''))
      .map(({ object }) => object!);
  const chunksOf = (index: number) =>
    at.names(copies[0]!, index).filter((name) => /-\d+$/.test(name));

  it('reads every chunk of every backup once, though chains share them', async () => {
    const steps = await scrub();
    expect(steps.filter(endsBackup)).to.have.length(3);
    expect(steps.flatMap(({ damage }) => damage)).to.deep.equal([]);
    const chunks = [0, 1, 2].flatMap(chunksOf);
    expect(chunksRead()).to.have.members(chunks).and.have.length(chunks.length);
  });

  it('finds a flipped byte in the base, and names every copy that hangs from it', async () => {
    const [, second] = chunksOf(0);
    at.alter(copies[0]!, second!, (body) => body.fill(7));
    const damage = (await scrub()).flatMap((step) => step.damage);
    expect(damage.map(({ copy }) => copy)).to.have.members(copies);
    for (const { findings } of damage)
      expect(findings[0]).to.deep.include({
        resource: `volume/${at.volume.id}`,
        subject: `volumebackups/${second}`,
      });
  });

  it('lays a damaged increment to the copies that need it', async () => {
    at.alter(copies[0]!, chunksOf(2)[0]!, (body) => body.fill(7));
    const damage = (await scrub()).flatMap((step) => step.damage);
    expect(damage.map(({ copy }) => copy)).to.deep.equal([copies[0]]);
  });

  it('goes on after the backups that were read', async () => {
    const first = (await scrub()).find(endsBackup);
    at.westStore.forget();
    expect((await scrub(first!.upTo)).filter(endsBackup)).to.have.length(2);
    const done = first!.upTo.split(' ')[0];
    const index = copies[0]!.chain.findIndex(({ backupId }) => backupId === done);
    expect(chunksRead()).to.not.include.members(chunksOf(index));
  });

  it('begins with short spans, so that any pause is long enough for one', async () => {
    const { backupId } = copies[0]!.chain[0]!;
    expect((await scrub(`${backupId} 0`))[0]!.upTo).to.equal(`${backupId} 1`);
    at.westStore.forget();
    // Broken off after each step.
    const next = async (after: string): Promise<string | undefined> => {
      for await (const { upTo } of at.mover.scrub(copies, after, at.session('s'))) return upTo;
      return undefined;
    };
    for (let place = await next(''); place !== undefined;) place = await next(place);
    const chunks = [0, 1, 2].flatMap(chunksOf);
    expect(chunksRead()).to.have.members(chunks).and.have.length(chunks.length);
  });

  it('goes on in the middle of a backup, and reads of it what was not read', async () => {
    const [base] = copies[0]!.chain;
    const chunks = chunksOf(0);
    const ids = copies[0]!.chain.map(({ backupId }) => backupId);
    await scrub(`${base!.backupId} 2`);
    const of = (index: number) => chunksOf(index).filter((name) => chunksRead().includes(name));
    expect(of(0)).to.deep.equal(chunks.slice(2));
    for (const index of [1, 2]) expect(of(index).length > 0).to.equal(ids[index]! > base!.backupId);
    const findings = new Findings(at.volume);
    const span = { from: 1, to: 2 };
    at.westStore.forget();
    const whole = { ...base!, parentId: null };
    const count = await verifyContent(whole, span, at.session('v'), findings, at.ambient);
    expect([count, findings.count]).to.deep.equal([chunks.length, 0]);
    expect(chunksRead()).to.deep.equal(chunks.slice(1, 2));
  });
});
