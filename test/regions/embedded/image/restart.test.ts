import { readdir, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { expect } from 'chai';
import { systemClock } from '../../../../kernel/clock.ts';
import { EmbeddedGlance, octets } from './rig.ts';

describe('embedded Glance: restarts', () => {
  it('remembers images, data, members and taken ids; sweeps what no image names', async () => {
    await using glance = await EmbeddedGlance.open();
    const id = await glance.create({ free: 'x', tags: ['a'] });
    await glance.put(id, 'abcdef');
    await glance.ask(`POST /v2/images/${id}/members`, { body: { member: 'two' } });
    const deleted = await glance.create();
    await glance.ask(`DELETE /v2/images/${deleted}`);
    const before = await glance.ask(`GET /v2/images/${id}`);
    const folder = `${glance.directory}/blobs/${(await readdir(`${glance.directory}/blobs`))[0]!}`;
    const stray = `${folder.slice(-2)}00`;
    await writeFile(`${folder}/${stray}`, 'bytes of an upload that was killed');
    await glance.restart();
    expect((await glance.ask(`GET /v2/images/${id}`)).json).to.deep.equal(before.json);
    expect((await glance.ask(`GET /v2/images/${id}/file`)).text).to.equal('abcdef');
    expect((await glance.ask(`GET /v2/images/${id}/members`)).json.members).to.have.length(1);
    const again = await glance.ask('POST /v2/images', { body: { id: deleted } });
    expect(again.status).to.equal(409);
    expect(await readdir(folder)).not.to.include(stray);
  });

  it('imports what was staged before', async () => {
    await using glance = await EmbeddedGlance.open();
    const id = await glance.create();
    await glance.put(id, 'abcdef', 'stage');
    await glance.restart();
    const body = { method: { name: 'glance-direct' } };
    expect((await glance.ask(`POST /v2/images/${id}/import`, { body })).status).to.equal(202);
    expect((await glance.ask(`GET /v2/images/${id}/file`)).text).to.equal('abcdef');
  });

  it('leaves an image whose upload was killed saving, as Glance does, without its bytes', async () => {
    await using glance = await EmbeddedGlance.open();
    const id = await glance.create();
    const upload = request(`${glance.url}/v2/images/${id}/file`, {
      method: 'PUT',
      headers: { ...octets, 'x-auth-token': 'one', 'content-length': 10 },
    });
    upload.on('error', () => undefined);
    upload.write('abc');
    const status = async (at: EmbeddedGlance) => (await at.ask(`GET /v2/images/${id}`)).json.status;
    while ((await status(glance)) !== 'saving') await systemClock.sleep(5);
    await using after = await glance.killed();
    upload.destroy();
    expect(await status(after)).to.equal('saving');
    expect((await after.put(id, 'x')).status).to.equal(409);
    expect((await after.ask(`GET /v2/images/${id}/file`)).status).to.equal(204);
    expect((await after.ask(`DELETE /v2/images/${id}`)).status).to.equal(204);
    const files = await readdir(`${after.directory}/blobs`, { recursive: true });
    expect(files.filter((name) => name.includes('/'))).to.deep.equal([]);
  });
});
