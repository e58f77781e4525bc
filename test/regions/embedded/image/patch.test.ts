import { expect } from 'chai';
import { EmbeddedGlance, saidIn } from './rig.ts';

const add = (path: string, value: unknown) => ({ op: 'add', path, value });
const replace = (path: string, value: unknown) => ({ op: 'replace', path, value });
const remove = (path: string) => ({ op: 'remove', path });

describe('embedded Glance: patches', () => {
  let glance: EmbeddedGlance;
  before(async () => {
    glance = await EmbeddedGlance.open();
  });
  after(() => glance[Symbol.asyncDispose]());

  it('sets fields, tags and properties', async () => {
    const id = await glance.create({ gone: 'x' });
    const { status, json } = await glance.patch(id, [
      replace('/name', null),
      replace('/tags', ['a', 'a', 'b']),
      replace('/min_disk', 4),
      add('/a~1b', 'c'),
      add('/__proto__', 'p'),
      remove('/gone'),
    ]);
    expect(status).to.equal(200);
    expect(json).to.deep.include({ name: null, tags: ['a', 'b'], min_disk: 4, 'a/b': 'c' });
    expect(json).not.to.have.property('gone');
    expect(Object.hasOwn(json, '__proto__')).to.equal(true);
  });

  const refused: readonly (readonly [operations: unknown, status: number, said: string])[] = [
    [{}, 400, 'Request body must be a JSON array of operation objects.'],
    [[1], 400, 'Operations must be JSON objects.'],
    [[{ op: 'x' }], 400, 'Invalid operation: `x`. It must be one of the following: add, remove'],
    [[{ op: 'add' }], 400, "Unable to find 'path' in JSON Schema change"],
    [[{ op: 'add', path: '/x' }], 400, 'Operation &quot;add&quot; requires a member'],
    [[add('x', 'y')], 400, 'does not start with'],
    [[add('/x//y', 'z')], 400, 'contains adjacent'],
    [[add('/x~2', 'z')], 400, 'not part of a recognized escape sequence.'],
    [[add('/x/y', 'z')], 400, "Invalid JSON pointer for this resource: '/x/y'"],
    [[add('/x', 5)], 400, "5 is not of type 'string'"],
    [[add(5 as never, 'x')], 400, 'does not start with'],
    [[replace('/x', 'y')], 409, 'Property x does not exist.'],
    [[remove('/x')], 409, 'Property x does not exist.'],
    [[remove('/name')], 403, 'Property name may not be removed.'],
    [[replace('/status', 'active')], 403, "Attribute 'status' is read-only."],
    [[replace('/os_glance_x', 'y')], 403, "Attribute 'os_glance_x' is reserved."],
    [[replace('/owner', 'two')], 403, "Owner can't be updated by non admin."],
    [[replace('/visibility', 'public')], 403, 'publicize_image'],
    [[replace('/locations', [])], 403, 'Cannot set locations to empty list.'],
    [[remove('/locations/0')], 403, "It's not allowed to remove locations"],
    [[add('/tags/-', 'x')], 400, "Invalid JSON pointer for this resource: '/tags/-'"],
    [Array.from({ length: 129 }, (_, at) => add(`/p${at}`, 'x')), 413, 'Maximum: 128'],
  ];
  for (const [operations, status, said] of refused)
    it(`refuses ${JSON.stringify(operations).slice(0, 60)}`, async () => {
      const id = await glance.create();
      const answer = await glance.patch(id, operations);
      expect(answer.status).to.equal(status);
      expect(saidIn(answer)).to.include(said);
    });

  it('is applied whole or not at all', async () => {
    const id = await glance.create();
    const before = await glance.ask(`GET /v2/images/${id}`);
    expect((await glance.patch(id, [add('/x', 'y'), remove('/z')])).status).to.equal(409);
    expect((await glance.ask(`GET /v2/images/${id}`)).json).to.deep.equal(before.json);
  });

  it('keeps the formats of an image that has data', async () => {
    const id = await glance.create();
    await glance.put(id, 'x');
    const answer = await glance.patch(id, [replace('/disk_format', 'qcow2')]);
    expect(answer.status).to.equal(403);
    expect(saidIn(answer)).to.include('disk_format can be only replaced for a queued image.');
  });

  it('reads the older form of a patch, and no other', async () => {
    const id = await glance.create();
    const old = { 'content-type': 'application/openstack-images-v2.0-json-patch' };
    const body = [{ add: '/x', value: 'y' }];
    const path = `PATCH /v2/images/${id}`;
    expect((await glance.ask(path, { headers: old, body })).json).to.include({ x: 'y' });
    const again = await glance.ask(path, { headers: old, body });
    expect(again.status).to.equal(409);
    expect(saidIn(again)).to.include('Property x already present.');
    const json = await glance.ask(path, { headers: { 'content-type': 'application/json' }, body });
    expect(json.status).to.equal(415);
    expect(json.headers.get('accept-patch')).to.include('v2.1-json-patch');
  });

  it('refuses who sees the image but does not own it', async () => {
    const id = await glance.create({ visibility: 'community' });
    expect((await glance.patch(id, [add('/x', 'y')], 'two')).status).to.equal(403);
    expect((await glance.patch(id, [], 'two')).status).to.equal(200);
    const tag = await glance.ask(`PUT /v2/images/${id}/tags/x`, { as: 'two' });
    expect(saidIn(tag)).to.include(`Not allowed to update tags for image ${id}.`);
    expect((await glance.ask(`DELETE /v2/images/${id}`, { as: 'two' })).status).to.equal(403);
  });
});
