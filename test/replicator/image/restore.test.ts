import { expect } from 'chai';
import { liveState } from '../../../replicator/image/restore.ts';
import { failure } from '../../support/memory/image-service.ts';
import { rejection } from '../../support/rejection.ts';
import { bytes, order, Setting } from './setting.ts';

const drill = order('drill');
const failover = order('failover');

describe('image mover: proof, restore, expiry', () => {
  let at: Setting;
  beforeEach(() => {
    at = new Setting();
  });

  it('finds what is missing, truncated, altered or not active', async () => {
    const copy = await at.protect();
    const held = at.west.stored.get('i1')!;
    const whole = { ...held };
    const problem = async (depth: 'listing' | 'content'): Promise<string | undefined> =>
      (await at.mover.verify(copy, depth, at.session)).findings[0]?.problem;
    expect(await problem('content')).to.equal(undefined);

    held.data = bytes(20_000, 'b');
    expect(await problem('listing')).to.equal(undefined);
    expect(await problem('content')).to.equal('altered');
    held.data = whole.data.subarray(0, 7_000);
    expect(await problem('content')).to.equal('truncated');
    held.data = whole.data;

    held.image = { ...whole.image, hashValue: 'f00' };
    expect(await problem('listing')).to.equal('altered');
    held.image = { ...whole.image, sizeBytes: 5 };
    expect(await problem('listing')).to.equal('truncated');
    held.image = { ...whole.image, status: 'deactivated' };
    expect(await problem('listing')).to.equal('unreadable');
    at.west.stored.clear();
    expect(await problem('listing')).to.equal('missing');
  });

  it('takes a lost connection for what it is unless it is lost at the same byte again', async () => {
    const copy = await at.protect();
    at.west.cutDownloadAt = 9_000;
    at.west.before = (method) => {
      if (
        method === 'download' &&
        at.west.calls.filter((call) => call === 'download i1').length > 1
      )
        at.west.cutDownloadAt = undefined;
    };
    expect((await at.mover.verify(copy, 'content', at.session)).damaged).to.equal(0);
    at.west.calls.length = 0;
    at.west.before = (method) => {
      if (method === 'download') at.west.cutDownloadAt = 9_000 + at.west.calls.length;
    };
    const error = await rejection(at.mover.verify(copy, 'content', at.session));
    expect(error.kind).to.equal('transient');
    // Not a byte of an answer: nothing was cut.
    at.west.before = (method, id) => {
      if (method === 'download') throw failure('region.connection-lost', 'transient', id);
    };
    const unanswered = await rejection(at.mover.verify(copy, 'content', at.session));
    expect(unanswered.code).to.equal('region.connection-lost');
  });

  it('makes the copy the image itself: look, members, id, no mark left', async () => {
    const copy = await at.protect();
    const restored = await at.mover.restore(copy, failover, at.session);
    expect(restored).to.deep.include({ id: 'i1', name: 'debian-12', notes: [] });
    const { image, members } = at.west.stored.get('i1')!;
    const original = at.east.stored.get('i1')!;
    expect(liveState(image)).to.deep.equal(liveState(original.image));
    expect(members).to.deep.equal(original.members);
    expect(await at.mover.check(copy, restored, failover, at.session)).to.include({
      state: 'verified',
      bytes: 20_000,
    });
    expect(await at.mover.restore(copy, failover, at.session)).to.deep.equal(restored);
    expect((await at.mover.verify(copy, 'content', at.session)).damaged).to.equal(0);
  });

  it('finds a restored image that is not as it was', async () => {
    const copy = await at.protect();
    const restored = await at.mover.restore(copy, failover, at.session);
    const held = at.west.stored.get('i1')!;
    const check = async (): Promise<string> =>
      (await at.mover.check(copy, restored, failover, at.session)).detail;
    held.image = { ...held.image, properties: { os_distro: 'debian' } };
    expect(await check()).to.equal('not as it was: hw_disk_bus');
    held.image = { ...held.image, properties: copy.image.properties };
    held.data = bytes(20_000, 'b');
    expect(await check()).to.contain('hash to sha512');
  });

  it('says what it could not bring over', async () => {
    const far = new Setting('p2');
    const copy = await far.protect();
    const { notes } = await far.mover.restore(copy, failover, far.session);
    expect(notes).to.have.length(2);
    expect(notes[0]).to.contain('p7');
    expect(far.west.stored.get('i1')?.members).to.deep.equal([]);

    at.west.mayAccept = false;
    at.west.add('i1', bytes(1));
    at.west.stored.delete('i1');
    const other = await at.mover.restore(await at.protect(), failover, at.session);
    expect(other.notes.join('\n')).to.contain('project p7 had accepted').and.contain('was taken');
  });

  it('restores nothing from a copy that is not whole', async () => {
    const copy = await at.protect();
    const held = at.west.stored.get('i1')!;
    held.image = { ...held.image, hashValue: 'f00' };
    for (const each of [drill, failover])
      expect((await rejection(at.mover.restore(copy, each, at.session))).code).to.equal(
        'image.copy-damaged',
      );
    expect(at.west.calls.filter((call) => /^(create|update)/.test(call))).to.deep.equal([
      'create i1',
    ]);
  });

  it('drills beside everything and leaves nothing', async () => {
    const copy = await at.protect();
    const staged = at.west.stored.get('i1')!.image;
    const restored = await at.mover.restore(copy, drill, at.session);
    expect(restored.name).to.equal('farshore-drill-e1-debian-12');
    const scratch = at.west.stored.get(restored.id)!.image;
    expect(scratch.properties).to.deep.equal({
      os_distro: 'debian',
      hw_disk_bus: 'scsi',
      farshore_image_id: restored.id,
      farshore_scratch: 'farshore-drill-e1',
      farshore_source_id: 'i1',
    });
    expect(scratch).to.include({ visibility: 'private', protected: false, minDiskGib: 3 });
    expect((await at.mover.check(copy, restored, drill, at.session)).state).to.equal('verified');
    expect(await at.mover.inventory(drill.scratch, at.session)).to.deep.equal([
      `image/${restored.id} farshore-drill-e1-debian-12`,
    ]);
    await at.mover.discard(copy, drill, at.session);
    await at.mover.discard(copy, drill, at.session);
    expect(await at.mover.inventory(drill.scratch, at.session)).to.deep.equal([]);
    expect(at.west.stored.get('i1')?.image).to.deep.equal(staged);
    expect(at.tally).to.include({ moved: 20_000, copied: 20_000 });
  });

  it('goes on with a drill that was killed at any call, with one image in the end', async () => {
    const copy = await at.protect();
    at.west.calls.length = 0;
    await at.mover.restore(copy, drill, at.session);
    const count = at.west.calls.length;
    expect(count).to.be.greaterThan(4);
    for (const moment of ['before', 'after'] as const)
      for (let call = 0; call < count; call += 1) {
        const one = new Setting();
        const staged = await one.protect();
        let left = call;
        one.west[moment] = () => {
          if (left-- === 0) throw new Error('killed');
        };
        const first = one.mover.restore(staged, drill, one.session);
        await first.catch((error: unknown) => expect(String(error)).to.match(/killed|connection/));
        one.west[moment] = () => undefined;
        const restored = await one.mover.restore(staged, drill, one.session);
        const found = await one.mover.inventory(drill.scratch, one.session);
        expect(found, `${moment} call ${call}`).to.have.length(1);
        expect(one.west.stored.get(restored.id)?.data.equals(bytes(20_000))).to.equal(true);
        await one.mover.discard(staged, drill, one.session);
        expect(one.west.stored.size).to.equal(1);
      }
  });

  it('discards of one drill only what is that drill’s', async () => {
    const copy = await at.protect();
    await at.mover.restore(copy, drill, at.session);
    await at.mover.discard(copy, { ...drill, scratch: 'farshore-drill-e2' }, at.session);
    expect(at.west.stored.size).to.equal(2);
  });

  it('expires staged images that only dropped points name', async () => {
    const copy = await at.protect();
    await at.mover.expire([copy], [copy], at.session);
    expect(at.west.stored.size).to.equal(1);
    await at.mover.expire([copy], [], at.session);
    await at.mover.expire([copy], [], at.session);
    expect(at.west.stored.size).to.equal(0);
  });

  it('never expires an image that was made live, nor one of another group', async () => {
    const copy = await at.protect();
    at.west.add('x', bytes(9), {
      properties: {
        farshore_image_id: 'x',
        farshore_installation: 'i-1',
        farshore_group: 'other',
        farshore_source_id: 'i1',
      },
    });
    await at.mover.restore(copy, failover, at.session);
    await at.mover.expire([copy, { ...copy, targetImageId: 'x' }], [], at.session);
    expect([...at.west.stored.keys()]).to.deep.equal(['i1', 'x']);
  });

  it('sweeps what was left behind a day ago, whole or empty, and nothing younger or another’s', async () => {
    const add = (id: string, status: string, updatedAt: string, installation = 'i-1'): void => {
      const marks = { farshore_image_id: id, farshore_installation: installation };
      const properties = { ...marks, farshore_group: 'shop', farshore_source_id: 'i2' };
      at.west.add(id, bytes(9), { properties, status, updatedAt });
    };
    add('old', 'queued', '2026-11-20T07:00:00Z');
    add('old-whole', 'active', '2026-11-20T07:00:00Z');
    add('old-of-others', 'active', '2026-11-20T07:00:00Z', 'i-2');
    add('new', 'queued', '2026-11-21T07:00:00Z');
    const copy = await at.protect();
    at.west.stored.get('i1')!.image = {
      ...at.west.stored.get('i1')!.image,
      updatedAt: '2026-11-20T07:00:00Z',
    };
    await at.mover.expire([], [copy], at.session);
    expect([...at.west.stored.keys()]).to.deep.equal(['old-of-others', 'new', 'i1']);
  });

  it('leaves a user’s image alone that inherited a drill’s marks', async () => {
    const copy = await at.protect();
    const restored = await at.mover.restore(copy, drill, at.session);
    const { properties } = at.west.stored.get(restored.id)!.image;
    at.west.add('users', bytes(20_000), { properties });
    await at.mover.discard(copy, drill, at.session);
    expect(at.west.stored.has('users')).to.equal(true);
    expect(await at.mover.inventory(drill.scratch, at.session)).to.deep.equal([]);
  });

  it('carries no property that acts or refers elsewhere, and says so before the day', async () => {
    const source = at.east.stored.get('i1')!;
    const plain = { os_distro: 'debian', kernel_id: 'k1' };
    source.image = {
      ...source.image,
      properties: {
        ...plain,
        cinder_encryption_key_deletion_policy: 'on_image_deletion',
        os_encrypt_key_deletion_policy: 'on_image_deletion',
        img_signature: 'AAAA',
        img_signature_certificate_uuid: 'c1',
        block_device_mapping: '[{"snapshot_id": "s1"}]',
        farshore_scratch: 'farshore-drill-e0',
      },
    };
    const copy = await at.protect();
    expect(copy.image.properties).to.deep.equal(plain);
    expect(copy.notes.map((note) => /property (\S+)/.exec(note)?.[1])).to.deep.equal([
      'kernel_id',
      'cinder_encryption_key_deletion_policy',
      'os_encrypt_key_deletion_policy',
      'img_signature',
      'img_signature_certificate_uuid',
      'block_device_mapping',
      'farshore_scratch',
    ]);
    const scratch = await at.mover.restore(copy, drill, at.session);
    const shown = at.west.stored.get(scratch.id)!.image.properties;
    expect(Object.keys(shown).filter((name) => !name.startsWith('farshore_'))).to.deep.equal(
      Object.keys(plain),
    );
    const live = await at.mover.restore(copy, failover, at.session);
    expect(at.west.stored.get(live.id)!.image.properties).to.deep.equal(plain);
    expect(live.notes).to.include.members([...copy.notes]);
  });

  it('captures no image whose data needs a key that stays behind', async () => {
    for (const name of ['cinder_encryption_key_id', 'os_encrypt_key_id']) {
      const one = new Setting();
      const source = one.east.stored.get('i1')!;
      source.image = { ...source.image, properties: { [name]: 'k1' } };
      const error = await rejection(one.protect());
      expect(error).to.include({ code: 'image.encryption-unsupported', kind: 'permanent' });
      expect(error.message).to.include(name);
    }
  });
});
