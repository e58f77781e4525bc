import { expect } from 'chai';
import { isoTime } from '../../../kernel/clock.ts';
import { FarshoreError } from '../../../kernel/errors.ts';
import { noProgress } from '../../../kernel/progress.ts';
import { documentBytesMax } from '../../../replicator/bank/documents.ts';
import { moverOf, type Depth, type TargetContext } from '../../../replicator/mover.ts';
import type { RecoveryPoint } from '../../../replicator/point/types.ts';
import { withChecks } from '../../../replicator/point/members.ts';
import { checkPoint } from '../../../replicator/point/verify-point.ts';
import { currentData } from '../../support/memory/movers.ts';
import { rejection } from '../../support/rejection.ts';
import { container, Harness, image } from '../session/harness.ts';

class Proven {
  readonly at = new Harness();
  point!: RecoveryPoint;

  static async make(): Promise<Proven> {
    const made = new Proven();
    await made.at.protect();
    [made.point] = (await made.at.ledger.points('shop')) as [RecoveryPoint];
    return made;
  }

  async verify(depth: Depth, movers = this.at.world.movers): Promise<RecoveryPoint> {
    const { target, bank, sharedSwift } = await this.at
      .deps()
      .openContext(await this.at.claim(), new AbortController().signal);
    const at: TargetContext = {
      group: 'shop',
      target,
      bank,
      sharedSwift,
      progress: noProgress,
      signal: new AbortController().signal,
    };
    const checks = await checkPoint(this.point, depth, { movers, at });
    return withChecks(this.point, checks, depth, isoTime(this.at.clock.now()));
  }

  get manifest() {
    return this.point.manifest.object;
  }
}

describe('verification of a point', () => {
  it('says proven of what is whole, when and how deep', async () => {
    const made = await Proven.make();
    const checked = await made.verify('listing');
    expect(checked.state).to.equal('proven');
    expect(checked.checked).to.deep.include({ depth: 'listing', damaged: 0, findings: [] });
    expect(checked.checked.at > made.point.checked.at).to.equal(true);
  });

  it('finds what is missing and, by content, what was altered', async () => {
    const made = await Proven.make();
    made.at.world.secondary.delete(currentData(made.at.world, container));
    made.at.world.secondary.set(currentData(made.at.world, image), 'altered');
    const listed = await made.verify('listing');
    expect(listed.state).to.equal('partial');
    expect(listed.members.map(({ state }) => state)).to.deep.equal(['proven', 'proven', 'damaged']);
    expect(listed.checked.findings.map(({ problem }) => problem)).to.deep.equal(['missing']);
    const read = await made.verify('content');
    expect(read.checked.findings.map(({ problem }) => problem)).to.deep.equal([
      'altered',
      'missing',
    ]);
    expect(read.checked.damaged).to.equal(2);
  });

  it('proves a damaged point again only by content', async () => {
    const made = await Proven.make();
    made.at.world.secondary.set(currentData(made.at.world, image), 'altered');
    made.point = await made.verify('content');
    expect(await made.verify('listing')).to.equal(made.point);
    made.at.world.secondary.set(currentData(made.at.world, image), 'whole');
    expect(await made.verify('listing')).to.equal(made.point);
    expect((await made.verify('content')).state).to.equal('proven');
  });

  it('finds a manifest that is gone, altered, cut short or too large to be one', async () => {
    const made = await Proven.make();
    const body = (await made.at.bank.readManifest('shop', made.point.id))!;
    await made.at.bank.writeManifest('shop', made.point.id, body.subarray(0, 100));
    const short = await made.verify('listing');
    expect(short.state).to.equal('damaged');
    expect(short.checked.findings[0]).to.deep.include({
      resource: 'manifest',
      subject: `farshore/${made.manifest}`,
      problem: 'altered',
    });
    const altered = Buffer.from(body.toString().replace('"generation":1', '"generation":2'));
    await made.at.bank.writeManifest('shop', made.point.id, altered);
    const both = await made.verify('content');
    expect(both.checked.findings).to.have.length(1);
    expect(both.members.every(({ state }) => state === 'damaged')).to.equal(true);
    const { store, container: bank } = made.at.bank;
    const contentLength = documentBytesMax + 1;
    await store.put(bank, made.manifest, Buffer.alloc(contentLength), { contentLength });
    const tooLarge = await made.verify('listing');
    expect(tooLarge.state).to.equal('damaged');
    expect(tooLarge.checked.findings[0]!.problem).to.equal('altered');
    expect(tooLarge.checked.findings[0]!.detail).to.include('at most 33554432 bytes');
    await made.at.bank.deleteManifest('shop', made.point.id);
    const gone = await made.verify('content');
    expect(gone.checked.findings[0]!.problem).to.equal('missing');
  });

  it('takes a damaged catalog for damage, and an unreachable region for no answer', async () => {
    const made = await Proven.make();
    const failing = (code: string, kind: 'permanent' | 'transient') => ({
      ...made.at.world.movers,
      container: {
        ...moverOf(made.at.world.movers, 'container'),
        verify: () =>
          Promise.reject(
            new FarshoreError('no', { code, kind, operation: 'read', subject: 'c/x' }),
          ),
      },
    });
    const altered = await made.verify('listing', failing('bank.catalog-altered', 'permanent'));
    expect(altered.checked.findings).to.deep.equal([
      { resource: 'container/photos', subject: 'c/x', problem: 'altered', detail: 'no' },
    ]);
    const error = await rejection(
      made.verify('listing', failing('region.unreachable', 'transient')),
    );
    expect(error.code).to.equal('region.unreachable');
  });

  it('refuses a point that is being deleted', async () => {
    const made = await Proven.make();
    made.point = { ...made.point, state: 'expiring' };
    expect((await rejection(made.verify('content'))).code).to.equal('point.expiring');
  });
});
