import { readdir } from 'node:fs/promises';
import { request } from 'node:http';
import { expect } from 'chai';
import { systemClock } from '../../../../kernel/clock.ts';
import { EmbeddedGlance, octets, saidIn } from './rig.ts';

describe('embedded Glance: data', () => {
  let glance: EmbeddedGlance;
  before(async () => {
    glance = await EmbeddedGlance.open();
  });
  after(() => glance[Symbol.asyncDispose]());

  const status = async (id: string): Promise<unknown> =>
    (await glance.ask(`GET /v2/images/${id}`, { as: 'boss' })).json.status;

  const blobs = async (): Promise<number> => {
    const entries = await readdir(`${glance.directory}/blobs`, { recursive: true });
    return entries.filter((name) => name.includes('/')).length;
  };

  /** The first bytes of an upload whose rest waits. */
  const begin = async (id: string, announcedBytes: number): Promise<ReturnType<typeof request>> => {
    const upload = request(`${glance.url}/v2/images/${id}/file`, {
      method: 'PUT',
      headers: { ...octets, 'x-auth-token': 'one', 'content-length': announcedBytes },
    });
    upload.on('error', () => undefined);
    upload.write('abc');
    await until(async () => (await status(id)) === 'saving');
    return upload;
  };

  const ranges: readonly (readonly [
    header: string,
    value: string,
    status: number,
    rest: string,
  ])[] = [
    ['range', 'bytes=0-1', 206, 'ab'],
    ['range', 'bytes=2-', 206, 'cdef'],
    ['range', 'bytes=-2', 206, 'ef'],
    ['range', 'bytes=-100', 206, 'abcdef'],
    ['range', 'bytes=-0', 206, 'abcdef'],
    ['range', 'bytes=4-100', 206, 'ef'],
    ['range', 'bytes=6-', 416, 'inclusive range [0, 5].'],
    ['range', 'bytes=3-1', 416, 'Invalid Range header.'],
    ['range', 'lines=0-1', 416, 'Invalid Range header.'],
    ['range', 'bytes=0-1,3-4', 400, 'multiple ranges are not supported'],
    ['content-range', 'bytes 1-2/6', 206, 'bc'],
    ['content-range', 'bytes 1-2/*', 206, 'bc'],
    ['content-range', 'bytes 1-9/*', 416, 'Invalid stop position'],
    ['content-range', 'bytes */6', 416, 'Invalid Content-Range header.'],
  ];
  it('gives all of it, or one range', async () => {
    const id = await glance.create();
    const path = `GET /v2/images/${id}/file`;
    expect(await glance.ask(path)).to.include({ status: 204, text: '' });
    await glance.put(id, 'abcdef');
    const whole = await glance.ask(path);
    expect(whole).to.include({ status: 200, text: 'abcdef' });
    expect(whole.headers.get('content-md5')).to.equal('e80b5017098950fc58aad83c8c14978e');
    expect(whole.headers.get('content-length')).to.equal('6');
    for (const [name, value, expected, rest] of ranges) {
      const answer = await glance.ask(path, { headers: { [name]: value } });
      expect(answer.status, value).to.equal(expected);
      if (expected === 206) expect(answer.text).to.equal(rest);
      else expect(saidIn(answer)).to.include(rest);
    }
  });

  it('takes no bytes for an image too', async () => {
    const id = await glance.create();
    expect((await glance.put(id, '')).status).to.equal(204);
    const { json } = await glance.ask(`GET /v2/images/${id}`);
    expect(json).to.include({ status: 'active', size: 0, virtual_size: null });
    expect(await glance.ask(`GET /v2/images/${id}/file`)).to.include({ status: 200, text: '' });
  });

  it('reads the size of the disk in a qcow2', async () => {
    const id = await glance.create({ disk_format: 'qcow2' });
    const file = Buffer.alloc(64);
    file.write('QFI\xfb\0\0\0\x03', 'latin1');
    file.writeBigUInt64BE(1_073_741_824n, 24);
    await fetch(`${glance.url}/v2/images/${id}/file`, {
      method: 'PUT',
      headers: { ...octets, 'x-auth-token': 'one' },
      body: file,
    });
    const { json } = await glance.ask(`GET /v2/images/${id}`);
    expect(json).to.include({ size: 64, virtual_size: 1_073_741_824 });
  });

  it('goes back to queued when the client leaves, keeping nothing', async () => {
    const id = await glance.create();
    const held = await blobs();
    const upload = await begin(id, 10);
    upload.destroy();
    await until(async () => (await status(id)) === 'queued');
    expect(await blobs()).to.equal(held);
    expect((await glance.put(id, 'whole')).status).to.equal(204);
  });

  it('goes back to queued when the disk is full, and says so', async () => {
    const id = await glance.create();
    glance.faults.set({ isDiskFull: true });
    const answer = await glance.put(id, 'x'.repeat(3_000_000));
    glance.faults.heal();
    expect(answer.status).to.equal(413);
    expect(saidIn(answer)).to.include('Image storage media is full');
    expect(await status(id)).to.equal('queued');
  });

  it('answers 410 to the upload of an image deleted meanwhile', async () => {
    const id = await glance.create();
    const held = await blobs();
    const upload = await begin(id, 6);
    expect((await glance.put(id, 'other')).status).to.equal(409);
    expect((await glance.ask(`DELETE /v2/images/${id}`)).status).to.equal(204);
    const answered = new Promise((done) => {
      upload.on('response', (response) => {
        response.resume();
        done(response.statusCode);
      });
    });
    upload.end('def');
    expect(await answered).to.equal(410);
    expect(await blobs()).to.equal(held);
  });

  it('stages and imports', async () => {
    const id = await glance.create();
    const direct = { method: { name: 'glance-direct' } };
    const early = await glance.ask(`POST /v2/images/${id}/import`, { body: direct });
    expect(early.status).to.equal(409);
    expect(saidIn(early)).to.include('needs to be staged before');
    expect((await glance.put(id, 'abcdef', 'stage')).status).to.equal(204);
    expect((await glance.ask(`GET /v2/images/${id}`)).json).to.include({
      status: 'uploading',
      size: 6,
      checksum: null,
    });
    expect((await glance.put(id, 'x')).status).to.equal(409);
    expect((await glance.ask(`POST /v2/images/${id}/import`, { body: direct })).status).to.equal(
      202,
    );
    expect((await glance.ask(`GET /v2/images/${id}`)).json).to.include({
      status: 'active',
      checksum: 'e80b5017098950fc58aad83c8c14978e',
      os_glance_failed_import: '',
    });
    expect((await glance.ask(`GET /v2/images/${id}/file`)).text).to.equal('abcdef');
    for (const [body, said] of [
      [{}, "requires a 'method' field"],
      [{ method: {} }, "requires a 'name' field"],
      [{ method: { name: 'x' } }, "Unknown import method name 'x'."],
    ] as const)
      expect(saidIn(await glance.ask(`POST /v2/images/${id}/import`, { body }))).to.include(said);
  });

  it('keeps the data of a deactivated image from all but administrators', async () => {
    const id = await glance.create();
    const act = (verb: string) => glance.ask(`POST /v2/images/${id}/actions/${verb}`);
    expect(saidIn(await act('deactivate'))).to.include("deactivate image in status 'queued'");
    await glance.put(id, 'x');
    expect((await act('deactivate')).status).to.equal(204);
    expect((await act('deactivate')).status).to.equal(204);
    expect((await glance.ask(`GET /v2/images/${id}/file`)).status).to.equal(403);
    expect((await glance.ask(`GET /v2/images/${id}/file`, { as: 'boss' })).text).to.equal('x');
    expect((await act('reactivate')).status).to.equal(204);
    expect(await status(id)).to.equal('active');
  });

  it('deletes what is not protected, and its data', async () => {
    const id = await glance.create({ protected: true });
    const held = await blobs();
    await glance.put(id, 'x');
    const refused = await glance.ask(`DELETE /v2/images/${id}`);
    expect(refused.status).to.equal(403);
    expect(saidIn(refused)).to.include('is protected and cannot be deleted.');
    await glance.patch(id, [{ op: 'replace', path: '/protected', value: false }]);
    expect((await glance.ask(`DELETE /v2/images/${id}`)).status).to.equal(204);
    const again = await glance.ask(`DELETE /v2/images/${id}`);
    expect(saidIn(again)).to.include(`Failed to find image ${id} to delete`);
    expect(await blobs()).to.equal(held);
  });
});

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await systemClock.sleep(10);
}
