import { expect } from 'chai';
import { FarshoreError } from '../../../kernel/errors.ts';
import { rejection } from '../../support/rejection.ts';
import { bytes, image, Setting } from './setting.ts';

class Killed extends Error {}

/** How work ends whose process died: in the middle of an upload the service only sees its connection end. */
function killedOrFail(error: unknown): void {
  if (error instanceof Killed) return;
  expect(error).to.be.instanceOf(FarshoreError);
  expect((error as FarshoreError).code).to.equal('region.connection-lost');
}

describe('image mover: shipping', () => {
  let at: Setting;
  beforeEach(() => {
    at = new Setting();
  });

  it('stages the data under the source’s id, hidden, private, protected and marked', async () => {
    const copy = await at.protect();
    expect(copy).to.include({ targetImageId: 'i1', bytes: 20_000, consistency: 'immutable' });
    const { image: staged, data } = at.west.stored.get('i1')!;
    expect(data.equals(bytes(20_000))).to.equal(true);
    expect(staged).to.include({ name: 'farshore:i1', visibility: 'private' });
    expect(staged).to.include({ protected: true, hidden: true });
    expect(staged.properties).to.deep.equal({
      farshore_image_id: 'i1',
      farshore_installation: 'i-1',
      farshore_group: 'shop',
      farshore_source_id: 'i1',
      farshore_content: `sha512:${at.east.stored.get('i1')!.image.hashValue ?? ''}`,
    });
    expect(copy.members).to.have.length(2);
    expect(at.tally).to.deep.equal({ moved: 20_000, present: 0, copied: 0 });
  });

  it('ships nothing that is there: one request for an unchanged image', async () => {
    const copy = await at.protect();
    at.west.calls.length = 0;
    at.east.bytesOut = 0;
    const again = await at.protect({ copy, damage: [] });
    expect(at.west.calls).to.deep.equal(['get i1']);
    expect(at.east.bytesOut).to.equal(0);
    expect(again.targetImageId).to.equal('i1');
    expect(at.tally).to.include({ moved: 20_000, present: 20_000 });
  });

  it('takes another id where the source’s belongs to a deleted image', async () => {
    at.west.add('i1', bytes(1));
    at.west.stored.delete('i1');
    const copy = await at.protect();
    expect(copy.targetImageId).not.to.equal('i1');
    at.west.calls.length = 0;
    expect((await at.protect()).targetImageId).to.equal(copy.targetImageId);
    expect(at.west.calls).not.to.contain('create');
  });

  it('goes on after a kill at any call, without shipping what is there', async () => {
    await at.protect();
    const calls = [...at.west.calls, 'upload in the middle'];
    expect(calls).to.include.members(['create i1', 'upload i1']);
    for (const moment of ['before', 'after'] as const)
      for (let call = 0; call < calls.length; call += 1) {
        const one = new Setting();
        let left = call;
        one.west[moment] = () => {
          if (left-- === 0) throw new Killed();
        };
        // `after` is told of fewer calls: of those that change something.
        await one.protect().then(() => expect(moment).to.equal('after'), killedOrFail);
        const wasWhole = one.west.stored.get('i1')?.image.status === 'active';
        one.west[moment] = () => undefined;
        one.east.bytesOut = 0;
        const copy = await one.protect();
        const where = `${moment} call ${call}`;
        expect(copy.targetImageId, where).to.equal('i1');
        expect(one.west.stored.size, where).to.equal(1);
        expect(one.west.stored.get('i1')?.data.equals(bytes(20_000)), where).to.equal(true);
        expect(one.east.bytesOut, where).to.equal(wasWhole ? 0 : 20_000);
      }
  });

  it('finds its own image again when the answer to a creation under another id was lost', async () => {
    at.west.add('i1', bytes(1));
    at.west.stored.delete('i1');
    at.west.after = (method) => {
      if (method === 'create') throw new Killed('create');
    };
    await at.protect().then(() => expect.fail('not killed'), killedOrFail);
    at.west.after = () => undefined;
    await at.protect();
    expect(at.west.stored.size).to.equal(1);
  });

  it('keeps its id through a source that breaks off, and ships it at the next run', async () => {
    at.east.cutDownloadAt = 9_000;
    const error = await rejection(at.protect());
    expect(error).to.include({ code: 'region.connection-lost', kind: 'transient' });
    expect(at.west.stored.get('i1')?.image.status).to.equal('queued');
    at.east.cutDownloadAt = undefined;
    expect((await at.protect()).targetImageId).to.equal('i1');
  });

  it('refuses a source whose bytes are not what its Glance recorded; nothing stays behind', async () => {
    at.east.stored.get('i1')!.data = bytes(20_000, 'b');
    const error = await rejection(at.protect());
    expect(error).to.include({ code: 'image.content-altered', kind: 'permanent', subject: 'i1' });
    expect(error.message).to.contain('sha512');
    expect(at.west.stored.size).to.equal(0);
  });

  it('deletes a copy that arrived altered', async () => {
    at.west.corrupt = (data) => Buffer.concat([data.subarray(1), Buffer.from('x')]);
    const error = await rejection(at.protect());
    expect(error.code).to.equal('image.content-altered');
    expect(at.west.stored.size).to.equal(0);
  });

  it('compares MD5 where the two Glances hash differently, and keeps the target’s own hash', async () => {
    at.west.hashAlgo = 'sha256';
    const copy = await at.protect();
    expect(copy.hashAlgo).to.equal('sha256');
    expect(copy.hashValue).to.equal(at.west.stored.get('i1')?.image.hashValue);
    const verified = await at.mover.verify(copy, 'content', at.session);
    expect(verified).to.deep.include({ bytes: 20_000, damaged: 0 });
    at.west.calls.length = 0;
    await at.protect({ copy, damage: [] });
    expect(at.west.calls).to.deep.equal(['get i1']);
  });

  it('hashes with MD5 an image that has nothing else', async () => {
    const held = at.east.stored.get('i1')!;
    held.image = { ...held.image, hashAlgo: null, hashValue: null };
    await at.protect();
    held.data = bytes(20_000, 'b');
    at.west.stored.clear();
    expect((await rejection(at.protect())).message).to.contain('md5');
  });

  it('repairs a damaged copy under a new id', async () => {
    const copy = await at.protect();
    at.west.stored.get('i1')!.data = bytes(20_000, 'b');
    const { findings } = await at.mover.verify(copy, 'content', at.session);
    const repaired = await at.protect({ copy, damage: findings });
    expect(repaired.targetImageId).not.to.equal('i1');
    expect(at.west.stored.size).to.equal(1);
    expect((await at.mover.verify(repaired, 'content', at.session)).damaged).to.equal(0);
    // The older point names the old id and is whole again with the same content.
    expect((await at.mover.verify(copy, 'content', at.session)).damaged).to.equal(0);
  });

  it('uses a live image of the same id and bytes, and marks or changes nothing of it', async () => {
    at.west.add('i1', bytes(20_000), { name: 'original' });
    const copy = await at.protect();
    expect(copy.targetImageId).to.equal('i1');
    expect(at.tally.moved).to.equal(0);
    expect(at.west.stored.get('i1')?.image).to.deep.include({ name: 'original', properties: {} });
  });

  it('leaves a live image of the same id and other bytes alone', async () => {
    const live = at.west.add('i1', bytes(20_000, 'b'));
    const copy = await at.protect();
    expect(copy.targetImageId).not.to.equal('i1');
    expect(at.west.stored.get('i1')?.image).to.equal(live);
  });

  it('relies on no image of another project, another group or a drill', async () => {
    at.west.add('i1', bytes(20_000), { owner: 'p9' });
    expect((await at.protect()).targetImageId).not.to.equal('i1');
    const own = { farshore_image_id: 'i1', farshore_installation: 'i-1', farshore_group: 'shop' };
    for (const mark of [
      { farshore_group: 'other' },
      { farshore_scratch: 'd' },
      { farshore_installation: 'i-2' },
    ]) {
      const one = new Setting();
      const properties = { ...own, ...mark, farshore_source_id: 'i1' };
      one.west.add('i1', bytes(20_000), { properties });
      expect((await one.protect()).targetImageId).not.to.equal('i1');
      expect(one.west.stored.size).to.equal(2);
    }
  });

  it('goes on with what the installation made whose bank was taken over', async () => {
    const marks = (id: string) => ({
      farshore_image_id: id,
      farshore_installation: 'i-0',
      farshore_group: 'shop',
      farshore_source_id: 'i1',
    });
    at.west.add('i1', bytes(20_000), { properties: marks('i1') });
    at.west.add('unnamed', bytes(10), { properties: marks('unnamed') });
    const copy = await at.protect();
    expect(copy.targetImageId).to.equal('i1');
    expect(at.west.stored.size).to.equal(2);
    // That one may be at work elsewhere: only what a point names goes, however old the rest is.
    await at.clock.sleep(25 * 3_600_000);
    await at.mover.expire([], [copy], at.session);
    expect([...at.west.stored.keys()]).to.have.members(['i1', 'unnamed']);
    await at.mover.expire([copy], [], at.session);
    expect([...at.west.stored.keys()]).to.deep.equal(['unnamed']);
  });

  it('takes no image of a user’s that inherited all of its marks, and leaves it alone', async () => {
    const { image: staged } = (await at.protect(), at.west.stored.get('i1')!);
    at.west.add('users', bytes(20_000), { properties: staged.properties });
    await at.west.delete('i1');
    const copy = await at.protect();
    expect(copy.targetImageId).to.not.be.oneOf(['i1', 'users']);
    await at.mover.expire([copy], [], at.session);
    expect([...at.west.stored.keys()]).to.deep.equal(['users']);
  });

  it('waits for an upload whose worker died, and replaces an image that stays in saving', async () => {
    await at.protect();
    const held = at.west.stored.get('i1')!;
    held.image = { ...held.image, status: 'saving' };
    const copy = await at.protect();
    expect(at.clock.monotonicMs()).to.be.within(30_000, 31_000);
    expect(copy.targetImageId).not.to.equal('i1');
    expect(at.west.stored.size).to.equal(1);
  });

  it('captures no image that is missing or has no data', async () => {
    const missing = { ...image, id: 'i9' };
    expect((await rejection(at.mover.capture(missing, at.session))).code).to.equal('image.missing');
    const held = at.east.stored.get('i1')!;
    held.image = { ...held.image, status: 'queued' };
    expect((await rejection(at.mover.capture(image, at.session))).code).to.equal(
      'image.not-active',
    );
  });

  it('stops when told to', async () => {
    const stop = new AbortController();
    at.west.before = (_method, id) => {
      if (id === 'i1 in the middle') stop.abort(new Error('stopped'));
    };
    const session = { ...at.session, signal: stop.signal };
    const capture = await at.mover.capture(image, session);
    const ended = await at.mover.ship(capture, null, session).catch((error: unknown) => error);
    expect(ended).to.equal(stop.signal.reason);
  });
});
