import { expect } from 'chai';
import { EmbeddedGlance, saidIn } from './rig.ts';

describe('embedded Glance: lists', () => {
  let glance: EmbeddedGlance;
  before(async () => {
    glance = await EmbeddedGlance.open();
    await glance.create({ name: 'b', disk_format: 'qcow2', min_disk: 2, os_distro: 'x' });
    const id = await glance.create({ name: 'a', id: first, tags: ['t', 'u'] });
    await glance.put(id, 'abcdef');
    await glance.create({ name: 'c,d', tags: ['t'], protected: true });
    await glance.create({ name: 'hidden', os_hidden: true });
  });
  after(() => glance[Symbol.asyncDispose]());

  const first = '11111111-aaaa-4bbb-8ccc-000000000009';

  const found: readonly (readonly [query: string, names: readonly string[]])[] = [
    ['sort=name:asc', ['a', 'b', 'c,d']],
    ['sort_key=name&sort_dir=desc', ['c,d', 'b', 'a']],
    ['sort=size,name:asc', ['a', 'b', 'c,d']],
    ['sort=name:asc&limit=2', ['a', 'b']],
    [`sort=name:asc&marker=${first}`, ['b', 'c,d']],
    ['limit=0', []],
    ['os_hidden=true', ['hidden']],
    ['name=a', ['a']],
    ['name=in:a,"c,d"&sort=name:asc', ['a', 'c,d']],
    ['disk_format=qcow2', ['b']],
    ['status=active', ['a']],
    ['size_min=1', ['a']],
    ['size_max=5', []],
    ['min_disk=2', ['b']],
    ['tag=t&sort=name:asc', ['a', 'c,d']],
    ['tag=t&tag=u', ['a']],
    ['protected=true', ['c,d']],
    ['os_distro=x', ['b']],
    ['owner=two', []],
    ['created_at=gt:2000-01-01&name=a', ['a']],
    ['created_at=lt:2000-01-01T00:00:00%2B02:00', []],
  ];
  for (const [query, names] of found)
    it(`finds ${query}`, async () => {
      const { json } = await glance.ask(`GET /v2/images?${query.replaceAll('"', '%22')}`);
      expect((json.images as { name: string }[]).map(({ name }) => name)).to.deep.equal(names);
    });

  it('links to the first and the next page', async () => {
    const { json } = await glance.ask('GET /v2/images?limit=1&sort=name:asc&marker=' + first);
    const [image] = json.images as { id: string }[];
    expect(json.first).to.equal('/v2/images?limit=1&sort=name%3Aasc');
    expect(json.next).to.equal(`/v2/images?limit=1&sort=name%3Aasc&marker=${image!.id}`);
    expect((await glance.ask('GET /v2/images')).json).not.to.have.property('next');
  });

  const refused: readonly (readonly [query: string, said: string])[] = [
    ['limit=x', 'limit param must be an integer'],
    ['limit=-1', 'limit param must be positive'],
    ['marker=zz', 'No image found with ID zz'],
    ['sort_key=x', 'Invalid sort key: x. It must be one of the following: name, status'],
    ['sort=name:up', 'Invalid sort direction: up'],
    ['sort=name&sort_key=id', 'Old and new sorting syntax cannot be combined'],
    ['sort_key=name&sort_dir=asc&sort_dir=asc', 'Number of sort dirs does not match'],
    ['member_status=x', 'Invalid status: x'],
    ['visibility=x', 'Invalid visibility value: x'],
    ['os_hidden=x', "Invalid value 'x' for 'os_hidden' filter."],
    ['size_min=x', 'Unable to filter on a range with a non-numeric value.'],
    ['name=like:x', "Unable to filter by unknown operator 'like'."],
    ['created_at=soon', 'query filter format. Use ISO 8601 DateTime notation.'],
    ['created_at=at:2026-01-01', 'Unable to filter on a unknown operator.'],
    ['name=in:%22a', 'The quote is not closed.'],
    ['x=%ff', 'could not be decoded by Glance'],
  ];
  for (const [query, said] of refused)
    it(`refuses ${query}`, async () => {
      const answer = await glance.ask(`GET /v2/images?${query}`);
      expect(answer.status).to.equal(400);
      expect(saidIn(answer)).to.include(said);
    });
});
