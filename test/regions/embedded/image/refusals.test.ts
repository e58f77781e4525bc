import { expect } from 'chai';
import { EmbeddedGlance, octets, saidIn } from './rig.ts';

/* Expected texts and statuses were seen on Glance 25. */
describe('embedded Glance: refusals', () => {
  let glance: EmbeddedGlance;
  before(async () => {
    glance = await EmbeddedGlance.open();
  });
  after(() => glance[Symbol.asyncDispose]());

  it('writes a page as WebOb does', async () => {
    const answer = await glance.ask('GET /v2/images/n"p\'é');
    expect(answer.status).to.equal(404);
    expect(answer.headers.get('content-type')).to.equal('text/html; charset=UTF-8');
    expect(answer.headers.get('x-openstack-request-id')).to.match(/^req-[-0-9a-f]{36}$/);
    expect(answer.text).to.equal(
      '<html>\n <head>\n  <title>404 Not Found</title>\n </head>\n <body>\n' +
        '  <h1>404 Not Found</h1>\n  No image found with ID n&quot;p&#x27;&#233;<br /><br />\n' +
        '\n\n\n </body>\n</html>',
    );
  });

  it('writes JSON or plain text for who prefers them', async () => {
    const json = await glance.ask('PUT /v2/images', { headers: { accept: 'application/json' } });
    expect(json.headers.get('allow')).to.equal('GET, POST');
    expect(json.json).to.deep.equal({
      message: 'The method PUT is not allowed for this resource. <br /><br />\n',
      code: '405 Method Not Allowed',
      title: 'Method Not Allowed',
    });
    const plain = await glance.ask('GET /v2/images/no', { headers: { accept: 'text/plain' } });
    expect(plain.text).to.equal('404 Not Found\n\nNo image found with ID no\n\n   ');
  });

  it('has version documents for everybody and nothing else without a token', async () => {
    const versions = await glance.ask('GET /', { as: 'nobody' });
    expect(versions.status).to.equal(300);
    expect((await glance.ask('GET /versions', { as: 'nobody' })).json).to.deep.equal(versions.json);
    expect(versions.json.versions).to.deep.include({
      id: 'v2.15',
      status: 'CURRENT',
      links: [{ rel: 'self', href: `${glance.url}/v2/` }],
    });
    expect((await glance.ask('GET /v1/images', { as: 'nobody' })).status).to.equal(300);
    const refused = await glance.ask('GET /v2/nope', { as: 'nobody' });
    expect(refused.status).to.equal(401);
    expect(refused.headers.get('www-authenticate')).to.match(/^Keystone uri="http/);
    expect((await glance.ask('GET /v2/nope')).status).to.equal(404);
  });

  const refusedImages: readonly (readonly [body: string | object, status: number, said: string])[] =
    [
      ['{bad', 400, 'Malformed JSON in request body.'],
      ['"x"', 400, 'Unexpected body type. Expected list/dict.'],
      ['', 400, 'Body expected in request.'],
      [{ name: 5 }, 400, "'image': 5 is not of type 'null', 'string'"],
      [{ free: null }, 400, "None is not of type 'string'"],
      [{ disk_format: 'x' }, 400, "'x' is not one of [None, 'ami', 'ari'"],
      [{ id: 'zz' }, 400, "'zz' does not match '^([0-9a-fA-F]){8}"],
      [{ name: 'x'.repeat(256) }, 400, 'is too long'],
      [{ name: '😀' }, 400, "Name can't contain 4 byte unicode characters."],
      [{ min_disk: -1 }, 400, "Invalid value '-1' for parameter 'min_disk'"],
      [{ min_ram: 3e9 }, 400, "'min_ram' value out of range, must not exceed 2147483647."],
      [{ status: 'active' }, 403, "Attribute 'status' is read-only."],
      [{ self: 'x' }, 403, "Attribute 'self' is read-only."],
      [{ deleted: 'x' }, 403, "Access was denied to this resource. Attribute 'deleted'"],
      [{ os_glance_x: 'x' }, 403, "Attribute 'os_glance_x' is reserved."],
      [{ locations: [] }, 403, "Attribute 'locations' is reserved."],
      [{ owner: 'two' }, 403, "You are not permitted to create images owned by 'two'."],
      [{ visibility: 'public' }, 403, 'You are not authorized to complete publicize_image action.'],
      [
        { tags: Array.from({ length: 129 }, (_, at) => String(at)) },
        413,
        'allowed image tags. Attempted: 129, Maximum: 128',
      ],
    ];
  for (const [body, status, said] of refusedImages)
    it(`refuses to create ${JSON.stringify(body).slice(0, 40)}`, async () => {
      const answer = await glance.ask('POST /v2/images', { body });
      expect(answer.status).to.equal(status);
      expect(saidIn(answer)).to.include(said);
    });

  it('takes data only as octets, once, into an image with formats', async () => {
    const { json } = await glance.ask('POST /v2/images', { body: { name: 'x' } });
    const id = json.id as string;
    const text = await glance.ask(`PUT /v2/images/${id}/file`, { body: 'x' });
    expect(text.status).to.equal(415);
    expect(saidIn(text)).to.include('media type text/plain is not supported');
    const early = await glance.put(id, 'x');
    expect(early.status).to.equal(400);
    expect(saidIn(early)).to.include('Properties disk_format, container_format must be set');
    const ready = await glance.create();
    expect((await glance.put(ready, 'x')).status).to.equal(204);
    const again = await glance.put(ready, 'x');
    expect(again.status).to.equal(409);
    expect(saidIn(again)).to.include('transition from active to saving is not allowed');
    const other = await glance.ask(`PUT /v2/images/${ready}/file`, {
      as: 'two',
      headers: octets,
      body: 'x',
    });
    expect(other.status).to.equal(404);
  });

  it('refuses bodies that nobody reads', async () => {
    const id = await glance.create();
    const answer = await glance.ask(`PUT /v2/images/${id}/tags/x`, { body: 'x' });
    expect(answer.status).to.equal(400);
    expect(saidIn(answer)).to.include('A body is not expected with this request.');
  });

  it('serves schemas, import methods and no stores', async () => {
    for (const name of ['image', 'images', 'member', 'members'])
      expect((await glance.ask(`GET /v2/schemas/${name}`)).json).to.include({ name });
    const { json } = await glance.ask('GET /v2/info/import');
    expect(json['import-methods']).to.deep.include({
      value: ['glance-direct', 'web-download', 'copy-image'],
    });
    expect((await glance.ask('GET /v2/info/stores')).status).to.equal(404);
    expect((await glance.ask('GET /v2/tasks')).status).to.equal(403);
    expect((await glance.ask('GET /v2/metadefs/namespaces')).status).to.equal(404);
  });
});
