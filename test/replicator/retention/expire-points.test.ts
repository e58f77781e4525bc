import { expect } from 'chai';
import { noProgress } from '../../../kernel/progress.ts';
import { silentLog } from '../../../kernel/log.ts';
import { partsOf } from '../../../replicator/bank/signed.ts';
import { formatsOf } from '../../../replicator/point/formats.ts';
import { manifestSha256 } from '../../../replicator/point/manifest.ts';
import type { PointManifest, RecoveryPoint } from '../../../replicator/point/types.ts';
import { adopt } from '../../../replicator/bank/owner.ts';
import { manifestFinding } from '../../../replicator/point/members.ts';
import { expirePoints } from '../../../replicator/retention/expire-points.ts';
import { rejection } from '../../support/rejection.ts';
import { Harness } from '../session/harness.ts';

async function expire(
  at: Harness,
  dropped: readonly RecoveryPoint[],
  isGroupGoing = false,
): Promise<number> {
  const signal = new AbortController().signal;
  const session = (await at.ledger.session('shop'))!;
  const opened = await at.deps().openContext(session, signal);
  const { removed } = await expirePoints(dropped, {
    ledger: at.ledger,
    movers: at.world.movers,
    at: { ...opened, group: 'shop', progress: noProgress, signal },
    held: (_group, point) => Promise.resolve(at.held.has(point)),
    clock: at.clock,
    log: silentLog,
    isGroupGoing,
  });
  return removed;
}

/** Two points that share a volume's full backup and an image; the container changed between them. */
async function twoPoints(): Promise<{ at: Harness; newer: RecoveryPoint; older: RecoveryPoint }> {
  const at = new Harness();
  await at.protect();
  at.write('container/photos', 'changed');
  at.write('volume/v-1', 'changed');
  await at.protect();
  const [newer, older] = (await at.ledger.points('shop')) as [RecoveryPoint, RecoveryPoint];
  return { at, newer, older };
}

describe('expiry of points', () => {
  it('keeps what the points that stay share with those that go', async () => {
    const { at, newer, older } = await twoPoints();
    expect(at.world.secondary.size).to.equal(5);
    expect(await expire(at, [older])).to.equal(1);
    // Only the older content of the container was the older point's alone.
    expect(at.world.secondary.size).to.equal(4);
    expect(await at.bank.readManifest('shop', older.id)).to.equal(null);
    expect(await at.ledger.points('shop')).to.deep.equal([newer]);
  });

  it('deletes everything when every point goes', async () => {
    const { at, newer, older } = await twoPoints();
    expect(await expire(at, [newer, older])).to.equal(2);
    expect(at.world.secondary.size).to.equal(0);
  });

  it('keeps what a session that waits to be taken up again has shipped', async () => {
    const { at, newer, older } = await twoPoints();
    const copies = (await at.ledger.session('shop'))!.copies;
    const waiting = await at.claim();
    await at.ledger.saveSession({ ...waiting, phase: 'shipping', copies });
    expect(await expire(at, [newer, older])).to.equal(2);
    expect(at.world.secondary.size).to.equal(4);
  });

  it('deletes what a session shipped for no point when the group goes, whatever ended it', async () => {
    for (const phase of ['failed', 'superseded', 'shipping'] as const) {
      const { at, newer, older } = await twoPoints();
      at.write('container/photos', 'changed again');
      at.write('volume/v-1', 'changed again');
      at.world.before = (effect) => {
        if (effect.startsWith('verify')) throw new Error('killed');
      };
      await at.protect().catch(() => undefined);
      at.world.before = undefined;
      await at.ledger.saveSession({ ...(await at.ledger.session('shop'))!, phase });
      const held = at.world.secondary.size;
      expect(held).to.be.greaterThan(5);
      expect(await expire(at, [newer, older], true)).to.equal(2);
      expect([...at.world.secondary.keys()]).to.deep.equal([]);
    }
  });

  it('deletes nothing while the bank holds a point that nobody knows of', async () => {
    const { at, older } = await twoPoints();
    const held = at.world.secondary.size;
    await at.bank.writeManifest('shop', '20261122T000000Z-9999', Buffer.from('{}'));
    const error = await rejection(expire(at, [older]));
    expect(error).to.include({
      code: 'retention.unknown-point',
      subject: 'shop/20261122T000000Z-9999',
    });
    expect(error.hint).to.include('farshore bank rebuild');
    expect(at.world.secondary.size).to.equal(held);
    expect(await at.bank.readManifest('shop', older.id)).not.to.equal(null);
    await at.bank.deleteManifest('shop', '20261122T000000Z-9999');
    expect(await expire(at, [])).to.equal(1);
  });

  it('takes along the manifest of a session that never committed it', async () => {
    const { at, older } = await twoPoints();
    const given = await at.claim();
    await at.bank.writeManifest('shop', given.pointId, Buffer.from('{}'));
    const manifest = { object: 'o', sha256: 's' };
    await at.ledger.saveSession({ ...given, phase: 'failed', manifest });
    expect(await expire(at, [older])).to.equal(1);
    expect(await at.bank.readManifest('shop', given.pointId)).to.equal(null);
  });

  it('takes along the manifest of a point that had expired when it was written once more', async () => {
    const { at, newer, older } = await twoPoints();
    const late = (await at.bank.readManifest('shop', older.id))!;
    expect(await expire(at, [older])).to.equal(1);
    await at.bank.writeManifest('shop', older.id, late);
    expect(await expire(at, [newer])).to.equal(1);
    expect(await at.bank.readManifest('shop', older.id)).to.equal(null);
  });

  it('deletes nothing in a bank that another installation took over', async () => {
    const { at, older } = await twoPoints();
    const held = at.world.secondary.size;
    const { signal } = new AbortController();
    const by = { at: '2026-11-29T08:00:00.000Z', reason: 'a test' };
    await adopt(at.bank.documents, 'other', by, signal);
    expect((await rejection(expire(at, [older]))).code).to.equal('bank.other-owner');
    expect((await at.protect()).error!.code).to.equal('bank.other-owner');
    expect(at.world.secondary.size).to.equal(held);
    expect(await at.bank.readManifest('shop', older.id)).not.to.equal(null);
  });

  it('deletes nothing on the word of an altered manifest', async () => {
    const { at, older } = await twoPoints();
    const body = (await at.bank.readManifest('shop', older.id))!;
    const altered = Buffer.from(body.toString().replaceAll('photos', 'salary'));
    await at.bank.writeManifest('shop', older.id, altered);
    expect(await expire(at, [older])).to.equal(1);
    expect(at.world.secondary.size).to.equal(5);
    expect(at.world.log.filter((line) => line.startsWith('expire'))).to.be.empty;
  });

  it('deletes nothing at first when the manifest of a proven point is lost, and says so of the point', async () => {
    const { at, newer, older } = await twoPoints();
    await at.bank.deleteManifest('shop', newer.id);
    const error = await rejection(expire(at, [older]));
    expect(error.code).to.equal('retention.needs-unknown');
    expect(at.world.secondary.size).to.equal(5);

    const [lost] = await at.ledger.points('shop');
    expect(lost).to.include({ id: newer.id, state: 'damaged' });
    expect(lost!.checked.findings.map(({ resource }) => resource)).to.deep.equal([manifestFinding]);
    expect(await expire(at, [])).to.equal(1);
  });

  it('leaves a point that was taken hold of after it had been marked', async () => {
    const { at, older } = await twoPoints();
    at.ledger.after = ({ what }) => {
      if (what === `${older.id} expiring`) at.held.add(older.id);
    };
    expect(await expire(at, [older])).to.equal(0);
    expect(at.world.secondary.size).to.equal(5);
    at.held.clear();
    expect(await expire(at, [])).to.equal(1);
  });
});

describe('a point that a newer release wrote', () => {
  /** Its manifest and head as that release would leave them; the data is the one before's. */
  async function withNewer(): Promise<{ at: Harness; strange: RecoveryPoint }> {
    const { at, newer } = await twoPoints();
    const { content } = partsOf((await at.bank.readManifest('shop', newer.id))!);
    const manifest = JSON.parse(content.toString()) as PointManifest;
    const copies = manifest.copies.map((copy) => ({ ...copy, format: 9 }));
    const body = Buffer.from(JSON.stringify({ ...manifest, copies }) + '\n');
    await at.bank.writeManifest('shop', newer.id, body);
    const sha256 = manifestSha256(body);
    const formats = formatsOf(copies);
    const strange = { ...newer, manifest: { ...newer.manifest, sha256 }, formats };
    await at.ledger.savePoint(strange);
    return { at, strange };
  }

  it('is kept, and nothing that it may need goes', async () => {
    const { at, strange } = await withNewer();
    const before = [...at.world.secondary.keys()];
    at.retention = { last: 1, hourly: 0, daily: 0, weekly: 0, monthly: 0 };
    for (const content of ['one', 'two', 'three']) {
      at.write('container/photos', content);
      expect((await at.protect()).phase).to.equal('done');
    }
    expect([...at.world.secondary.keys()]).to.include.members(before);
    const left = (await at.ledger.points('shop')).find(({ id }) => id === strange.id);
    expect(left).to.deep.equal(strange);
    expect(await at.bank.readManifest('shop', strange.id)).not.to.equal(null);
    const others = await at.ledger.points('shop');
    const error = await rejection(expire(at, [others.at(-1)!]));
    expect(error).to.include({ code: 'point.not-understood' });
    expect([...at.world.secondary.keys()]).to.include.members(before);
  });
});
