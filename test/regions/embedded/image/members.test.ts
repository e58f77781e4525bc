import { expect } from 'chai';
import { type Asked, EmbeddedGlance, saidIn } from './rig.ts';

describe('embedded Glance: members and who sees what', () => {
  let glance: EmbeddedGlance;
  before(async () => {
    glance = await EmbeddedGlance.open();
  });
  after(() => glance[Symbol.asyncDispose]());

  const listed = async (as: Asked['as'] & string, query: string): Promise<unknown> => {
    const { json } = await glance.ask(`GET /v2/images?${query}`, { as });
    return (json.images as { name: string }[]).map(({ name }) => name).sort();
  };

  it('shows images by their visibility', async () => {
    for (const visibility of ['public', 'private', 'shared', 'community'])
      await glance.create({ name: visibility, visibility, run: 'seen' }, 'boss');
    await glance.create({ name: 'own', visibility: 'community', run: 'seen' }, 'one');
    const run = 'run=seen';
    expect(await listed('one', run)).to.deep.equal(['own', 'public']);
    expect(await listed('one', `${run}&visibility=community`)).to.deep.equal(['community', 'own']);
    expect(await listed('one', `${run}&visibility=all`)).to.deep.equal([
      'community',
      'own',
      'public',
    ]);
    expect(await listed('one', `${run}&visibility=private`)).to.deep.equal([]);
    expect(await listed('boss', run)).to.deep.equal(['community', 'private', 'public', 'shared']);
  });

  it('lets a member see, accept and list, and nothing more', async () => {
    const id = await glance.create({ name: 'lent' }, 'boss');
    const path = `/v2/images/${id}/members`;
    expect((await glance.ask(`GET /v2/images/${id}`)).status).to.equal(404);
    const made = await glance.ask(`POST ${path}`, { as: 'boss', body: { member: 'one' } });
    expect(made.status).to.equal(200);
    expect(made.json).to.include({ member_id: 'one', image_id: id, status: 'pending' });
    const twice = await glance.ask(`POST ${path}`, { as: 'boss', body: { member: 'one' } });
    expect(twice.status).to.equal(409);
    expect(saidIn(twice)).to.include(`Member one is duplicated for image ${id}`);
    await glance.ask(`POST ${path}`, { as: 'boss', body: { member: 'three' } });

    expect((await glance.ask(`GET /v2/images/${id}`)).status).to.equal(200);
    expect(await listed('one', 'name=lent')).to.deep.equal([]);
    expect(await listed('one', 'name=lent&member_status=pending')).to.deep.equal(['lent']);
    expect((await glance.ask(`GET ${path}`)).json.members).to.have.length(1);
    expect((await glance.ask(`GET ${path}/three`)).status).to.equal(404);
    expect((await glance.ask(`POST ${path}`, { body: { member: 'x' } })).status).to.equal(403);
    expect((await glance.ask(`DELETE ${path}/one`)).status).to.equal(403);

    const put = (body: object) => glance.ask(`PUT ${path}/one`, { body });
    expect(saidIn(await put({}))).to.include('Status not specified');
    expect(saidIn(await put({ status: 'maybe' }))).to.include('Incorrect request: Status must be');
    expect((await put({ status: 'accepted' })).json).to.include({ status: 'accepted' });
    expect(await listed('one', 'name=lent')).to.deep.equal(['lent']);
    expect((await glance.ask(`DELETE ${path}/one`, { as: 'boss' })).status).to.equal(204);
    expect((await glance.ask(`GET /v2/images/${id}`)).status).to.equal(404);
  });

  it('refuses the owner’s own answer, and members of an image that is not shared', async () => {
    const id = await glance.create();
    const path = `/v2/images/${id}/members`;
    await glance.ask(`POST ${path}`, { body: { member: 'two' } });
    const own = await glance.ask(`PUT ${path}/two`, { body: { status: 'accepted' } });
    expect(own.status).to.equal(403);
    for (const [body, said] of [
      [{}, 'Member to be added not specified'],
      [{ member: '' }, "Member can't be empty"],
      [[], 'Expected a member in the form'],
    ] as const)
      expect(saidIn(await glance.ask(`POST ${path}`, { body }))).to.include(said);
    await glance.patch(id, [{ op: 'replace', path: '/visibility', value: 'private' }]);
    const list = await glance.ask(`GET ${path}`);
    expect(list.status).to.equal(403);
    expect(saidIn(list)).to.include('Only shared images have members.');
    expect((await glance.ask(`GET ${path}/two`)).status).to.equal(404);
    expect((await glance.ask(`GET /v2/images/${id}`, { as: 'two' })).status).to.equal(404);
    await glance.patch(id, [{ op: 'replace', path: '/visibility', value: 'shared' }]);
    expect((await glance.ask(`GET /v2/images/${id}`, { as: 'two' })).status).to.equal(200);
  });
});
