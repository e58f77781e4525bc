import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { type Asked, SwiftRig } from './middleware-rig.ts';

const md5 = (text: string) => createHash('md5').update(text).digest('hex');

interface Row {
  readonly name: string;
  readonly bytes: number;
  readonly hash: string;
  readonly slo_etag?: string;
}

describe('embedded Swift: static large objects', () => {
  let swift: SwiftRig;
  const etag = `"${md5(`${md5('aaaaa')}${md5('bbbbbb')}:1-2;${md5('XYZ')}`)}"`;

  before(async () => {
    swift = await SwiftRig.open();
  });

  beforeEach(async () => {
    await swift.fill('c', { seg1: 'aaaaa', seg2: 'bbbbbb' });
    const segments = [
      { path: '/c/seg1', size_bytes: 5 },
      { path: 'c/seg2', range: '1-2' },
      { data: 'WFla' },
    ];
    const made = await manifest('/c/slo', segments, { headers: { 'content-type': 'text/x' } });
    expect([made.status, made.headers.get('etag')]).to.deep.equal([201, etag]);
  });

  after(() => swift.close());

  const manifest = (path: string, segments: unknown, asked: Asked = {}, more = '') => {
    const body = typeof segments === 'string' ? segments : JSON.stringify(segments);
    return swift.ask('PUT', `${path}?multipart-manifest=put${more}`, { body, ...asked });
  };
  const get = (path: string, headers: Readonly<Record<string, string>> = {}) =>
    swift.ask('GET', path, { headers });

  it('read as one', async () => {
    const answer = await get('/c/slo');
    expect([answer.status, answer.text]).to.deep.equal([200, 'aaaaabbXYZ']);
    for (const { headers } of [answer, await swift.ask('HEAD', '/c/slo')]) {
      expect(headers.get('content-length')).to.equal('10');
      expect(headers.get('content-type')).to.equal('text/x');
      expect(headers.get('etag')).to.equal(etag);
      expect(headers.get('x-static-large-object')).to.equal('True');
      expect(headers.get('x-manifest-etag')).to.match(/^[0-9a-f]{32}$/);
    }
  });

  it('read in parts and on conditions', async () => {
    const part = await get('/c/slo', { range: 'bytes=3-7' });
    expect([part.status, part.text]).to.deep.equal([206, 'aabbX']);
    expect(part.headers.get('content-range')).to.equal('bytes 3-7/10');
    expect((await get('/c/slo', { range: 'bytes=-3' })).text).to.equal('XYZ');
    const parts = await get('/c/slo', { range: 'bytes=0-1,6-7' });
    expect(parts.text).to.match(/bytes 0-1\/10\r\n\r\naa\r\n[^]*bytes 6-7\/10\r\n\r\nbX\r\n/);
    expect((await get('/c/slo', { range: 'bytes=10-' })).status).to.equal(416);
    expect((await get('/c/slo', { 'if-none-match': etag })).status).to.equal(304);
    expect((await get('/c/slo', { 'if-match': 'other' })).status).to.equal(412);
    expect((await get('/c/slo', { 'if-match': etag })).status).to.equal(200);
  });

  it('show their manifest, and in the form to send again', async () => {
    const stored = await get('/c/slo?multipart-manifest=get');
    expect(stored.headers.get('content-type')).to.equal('application/json; charset=utf-8');
    const [first, second, third] = JSON.parse(stored.text) as Record<string, unknown>[];
    expect(first).to.include({ name: '/c/seg1', bytes: 5, hash: md5('aaaaa') });
    expect(first!['last_modified']).to.match(/^2026-11-21T12:00:0\d\.000000$/);
    expect(second).to.include({ name: '/c/seg2', bytes: 6, range: '1-2' });
    expect(third).to.deep.equal({ data: 'WFla' });
    const raw = await get('/c/slo?multipart-manifest=get&format=raw');
    expect(raw.headers.get('content-type')).to.equal('text/x');
    expect(raw.headers.get('etag')).to.equal(md5(raw.text));
    const again = await manifest('/c/again', raw.text);
    expect([again.status, again.headers.get('etag')]).to.deep.equal([201, etag]);
  });

  it('are listed with the size of the whole, and both etags', async () => {
    const rows = JSON.parse((await get('/c?format=json&prefix=slo')).text) as Row[];
    const stored = await get('/c/slo?multipart-manifest=get');
    expect(rows[0]).to.include({ bytes: 10, hash: md5(stored.text), slo_etag: etag });
  });

  it('count in their container by the size of the manifest', async () => {
    await swift.fill('counted', {});
    await manifest('/counted/slo', [{ path: '/c/seg1' }]);
    const stored = await get('/counted/slo?multipart-manifest=get');
    const { headers } = await swift.ask('HEAD', '/counted');
    expect(headers.get('x-container-bytes-used')).to.equal(String(stored.text.length));
    expect((await swift.ask('DELETE', '/counted/slo')).status).to.equal(204);
    const empty = (await swift.ask('HEAD', '/counted')).headers;
    expect(empty.get('x-container-bytes-used')).to.equal('0');
  });

  it('may be made of one another, and of parts of these', async () => {
    await manifest('/c/outer', [{ path: '/c/slo', range: '4-6' }, { path: '/c/slo' }]);
    expect((await get('/c/outer')).text).to.equal('abbaaaaabbXYZ');
    expect((await get('/c/outer', { range: 'bytes=2-4' })).text).to.equal('baa');
    const stored = await get('/c/outer?multipart-manifest=get');
    const [first] = JSON.parse(stored.text) as Record<string, unknown>[];
    expect(first).to.include({ sub_slo: true, bytes: 10, range: '4-6' });
  });

  it('are copied as their content, or as the manifest', async () => {
    const headers = { destination: 'c/copy' };
    const whole = await swift.ask('COPY', '/c/slo', { headers });
    expect([whole.status, whole.headers.get('etag')]).to.deep.equal([201, md5('aaaaabbXYZ')]);
    const copy = await get('/c/copy');
    expect(copy.text).to.equal('aaaaabbXYZ');
    expect(copy.headers.get('x-static-large-object')).to.equal(null);
    const same = await swift.ask('COPY', '/c/slo?multipart-manifest=get', { headers });
    expect([same.status, same.headers.get('etag')]).to.deep.equal([201, etag]);
    expect((await get('/c/copy')).headers.get('x-static-large-object')).to.equal('True');
  });

  it('keep what a POST says', async () => {
    const posted = await swift.ask('POST', '/c/slo', { headers: { 'x-object-meta-a': 'b' } });
    expect(posted.status).to.equal(202);
    const { headers } = await swift.ask('HEAD', '/c/slo');
    expect([headers.get('x-object-meta-a'), headers.get('etag')]).to.deep.equal(['b', etag]);
  });

  it('break off at a segment that changed, and are in conflict when it is the first', async () => {
    await swift.ask('PUT', '/c/seg2', { body: 'cccccc' });
    const error = await get('/c/slo').catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(TypeError);
    expect((await get('/c/slo', { range: 'bytes=0-4' })).text).to.equal('aaaaa');
    await swift.ask('DELETE', '/c/seg1');
    const conflict = await get('/c/slo');
    expect([conflict.status, conflict.text]).to.deep.equal([
      409,
      '<html><h1>Conflict</h1><p>There was a conflict when trying to complete your request.</p></html>',
    ]);
    expect((await swift.ask('HEAD', '/c/slo')).status).to.equal(200);
  });

  it('show to a reader only segments that he may read', async () => {
    await swift.fill('open', {});
    await swift.ask('POST', '/open', { headers: { 'x-container-read': '.r:*' } });
    await manifest('/open/slo', [{ path: '/c/seg1' }]);
    expect((await swift.ask('GET', '/open/slo', { token: null })).status).to.equal(409);
    await swift.ask('POST', '/c', { headers: { 'x-container-read': '.r:*' } });
    expect((await swift.ask('GET', '/open/slo', { token: null })).text).to.equal('aaaaa');
    await swift.ask('POST', '/c', { headers: { 'x-container-read': '' } });
  });

  it('have sound segments in a container with versions', async () => {
    await swift.ask('PUT', '/versions', { headers: { 'x-versions-enabled': 'true' } });
    await swift.ask('PUT', '/versions/seg', { body: 'versioned' });
    await manifest('/versions/slo', [{ path: '/versions/seg' }]);
    expect((await get('/versions/slo')).text).to.equal('versioned');
    const rows = JSON.parse((await get('/versions?format=json')).text) as Row[];
    const row = rows.find(({ name }) => name === 'slo');
    expect(row).to.include({ bytes: 9, slo_etag: `"${md5(md5('versioned'))}"` });
    await swift.ask('PUT', '/c/dlo', {
      headers: { 'x-object-manifest': 'versions/seg' },
      body: '',
    });
    expect((await get('/c/dlo')).text).to.equal('versioned');
  });

  it('are not made of what cannot be read as a manifest', async () => {
    const refusal = async (segments: unknown) => {
      const { status, text } = await manifest('/c/bad', segments);
      return [status, text];
    };
    expect(await refusal('x')).to.deep.equal([400, 'Manifest must be valid JSON.\n']);
    expect(await refusal({})).to.deep.equal([400, 'Manifest must be a list.\n']);
    expect(await refusal([{ data: 'WA==' }])).to.deep.equal([
      400,
      'Inline data segments require at least one object-backed segment.\n',
    ]);
    const bad: (readonly [segment: unknown, problem: string])[] = [
      [1, 'not a JSON object'],
      [{ foo: 1 }, "expected keys to include one of 'data' or 'path'"],
      [{ path: 1 }, '"path" must be a string'],
      [
        { path: 'x' },
        'path does not refer to an object. Path must be of the form /container/object.',
      ],
      [{ path: 'a/b', zoo: 1, Aoo: 2 }, 'extraneous keys "Aoo", "zoo"'],
      [{ path: 'a/b', etag: 3 }, '"etag" must be a string or null (if provided)'],
      [{ path: 'a/b', size_bytes: 'q' }, 'invalid size_bytes'],
      [{ path: 'a/b', size_bytes: 0 }, 'too small; each segment must be at least 1 byte.'],
      [{ path: 'c/bad' }, 'manifest must not include itself as a segment'],
      [{ path: 'a/b', range: 'q' }, 'invalid range'],
      [{ path: 'a/b', range: '1-2,3-4' }, 'multiple ranges (only one allowed)'],
      [{ path: 'a/b', range: '9-', size_bytes: 5 }, 'unsatisfiable range'],
      [{ data: '*' }, 'data must be valid base64'],
      [{ data: null }, 'data must be valid base64'],
      [{ data: '' }, 'too small; each segment must be at least 1 byte.'],
    ];
    const problems = bad.map(([, problem], index) => `Index ${index}: ${problem}\n`).join('');
    const answer = await manifest('/c/bad', [...bad.map(([segment]) => segment), { path: 'c/o' }]);
    expect(answer.text).to.equal(problems);
    expect([answer.status, answer.headers.get('content-type')]).to.deep.equal([400, 'text/plain']);
  });

  it('are not made of segments that are not as said, in the form that the client likes', async () => {
    const segments = [
      { path: '/c/seg1', size_bytes: 4, etag: 'q' },
      { path: 'c/none é' },
      { path: 'c/seg2', range: '100-200' },
      { path: 'nowhere/x' },
    ];
    const expected = [
      ['/c/seg1', 'Size Mismatch'],
      ['/c/seg1', 'Etag Mismatch'],
      ['c/none%20%C3%A9', '404 Not Found'],
      ['c/seg2', 'Unsatisfiable Range'],
      ['nowhere/x', '404 Not Found'],
    ];
    const text = await manifest('/c/bad', segments);
    expect([text.status, text.text]).to.deep.equal([
      400,
      `Errors:\n${expected.map((problem) => `${problem.join(', ')}\n`).join('')}`,
    ]);
    const json = await manifest('/c/bad', segments, { headers: { accept: 'application/json' } });
    expect(JSON.parse(json.text)).to.deep.equal({ Errors: expected });
    const xml = await manifest('/c/bad', segments, { headers: { accept: 'application/xml' } });
    expect(xml.text).to.contain(
      '<upload>\n<errors>\n<object><name>/c/seg1</name><status>Size Mismatch</status></object>\n',
    );
    expect((await get('/c/bad')).status).to.equal(404);
  });

  it('have limits, a checked etag, and a header of their own', async () => {
    const many = Array.from({ length: 1_001 }, () => ({ path: '/c/seg1' }));
    expect((await manifest('/c/bad', many)).status).to.equal(413);
    const wrong = await manifest('/c/bad', [{ path: '/c/seg1' }], { headers: { etag: 'abc' } });
    expect(wrong.status).to.equal(422);
    const headers = { 'x-static-large-object': 'true' };
    const reserved = await swift.ask('PUT', '/c/bad', { headers, body: 'x' });
    expect(reserved.status).to.equal(400);
    expect(reserved.text).to.match(/^X-Static-Large-Object is a reserved header\./);
    const empty = await manifest('/c/empty', []);
    expect([empty.status, (await get('/c/empty')).text]).to.deep.equal([201, '']);
  });

  it('tell while they are made, when the client asks for it', async () => {
    const headers = { accept: 'application/json' };
    const answer = await manifest('/c/slow', [{ path: '/c/seg1' }], { headers }, '&heartbeat=on');
    expect([answer.status, answer.text.slice(0, 5)]).to.deep.equal([202, ' \r\n\r\n']);
    expect(JSON.parse(answer.text)).to.include({
      'Response Status': '201 Created',
      Etag: `"${md5(md5('aaaaa'))}"`,
    });
  });

  it('go with their segments', async () => {
    await manifest('/c/outer', [{ path: '/c/slo' }, { path: '/c/none', size_bytes: 1 }]);
    await manifest('/c/outer', [{ path: '/c/slo' }]);
    const headers = { accept: 'application/json' };
    const gone = await swift.ask('DELETE', '/c/outer?multipart-manifest=delete', { headers });
    expect(JSON.parse(gone.text)).to.deep.equal({
      'Response Status': '200 OK',
      'Response Body': '',
      'Number Deleted': 4,
      'Number Not Found': 0,
      Errors: [],
    });
    expect((await get('/c/seg1')).status).to.equal(404);
    const plain = await swift.ask('DELETE', '/c/again?multipart-manifest=delete');
    expect(plain.text).to.contain('Number Not Found: 2\n');
    const none = await swift.ask('DELETE', '/c/none?multipart-manifest=delete');
    expect([none.status, none.text]).to.deep.equal([
      200,
      'Number Deleted: 0\nNumber Not Found: 1\nResponse Body: \nResponse Status: 200 OK\nErrors:\n',
    ]);
    await swift.fill('c', { simple: 'x' });
    const simple = await swift.ask('DELETE', '/c/simple?multipart-manifest=delete');
    expect(simple.text).to.contain('400 Bad Request\nErrors:\n/c/simple, Not an SLO manifest\n');
  });
});

describe('embedded Swift: dynamic large objects', () => {
  let swift: SwiftRig;
  const etag = `"${md5(md5('111') + md5('2222'))}"`;

  before(async () => {
    swift = await SwiftRig.open();
    await swift.fill('c', { 'd/1': '111', 'd/2': '2222', e: 'no' });
    const headers = {
      'x-object-manifest': 'c/d%2F',
      'content-type': 'a/b',
      'x-object-meta-k': 'v',
    };
    await swift.ask('PUT', '/c/dlo', { headers, body: 'own' });
  });

  after(() => swift.close());

  const get = (path: string, headers: Readonly<Record<string, string>> = {}) =>
    swift.ask('GET', path, { headers });

  it('are what the listing has below their prefix', async () => {
    for (const answer of [await get('/c/dlo'), await swift.ask('HEAD', '/c/dlo')]) {
      expect(answer.status).to.equal(200);
      expect(answer.headers.get('content-length')).to.equal('7');
      expect(answer.headers.get('content-type')).to.equal('a/b');
      expect(answer.headers.get('etag')).to.equal(etag);
      expect(answer.headers.get('x-object-manifest')).to.equal('c/d%2F');
    }
    expect((await get('/c/dlo')).text).to.equal('1112222');
    expect((await get('/c/dlo?multipart-manifest=get')).text).to.equal('own');
    const none = { 'x-object-manifest': 'c/none' };
    await swift.ask('PUT', '/c/empty', { headers: none, body: '' });
    const empty = await get('/c/empty');
    expect([empty.status, empty.text, empty.headers.get('etag')]).to.deep.equal([
      200,
      '',
      `"${md5('')}"`,
    ]);
  });

  it('read in one part, and on conditions', async () => {
    const part = await get('/c/dlo', { range: 'bytes=2-4' });
    expect([part.status, part.text]).to.deep.equal([206, '122']);
    expect((await get('/c/dlo', { range: 'bytes=-2' })).text).to.equal('22');
    const parts = await get('/c/dlo', { range: 'bytes=0-1,4-5' });
    expect([parts.status, parts.text]).to.deep.equal([200, '1112222']);
    const none = await get('/c/dlo', { range: 'bytes=50-' });
    expect([none.status, none.headers.get('content-range')]).to.deep.equal([416, 'bytes */7']);
    expect((await get('/c/dlo', { 'if-none-match': etag })).status).to.equal(304);
    expect((await get('/c/dlo', { 'if-match': 'x' })).status).to.equal(412);
  });

  it('refuse a manifest that leads nowhere', async () => {
    for (const value of ['x', 'x/', '/x', 'x//y', 'x/y?', 'x/y&b']) {
      const headers = { 'x-object-manifest': value };
      const answer = await swift.ask('PUT', '/c/bad', { headers, body: '' });
      expect([answer.status, answer.text], value).to.deep.equal([
        400,
        'X-Object-Manifest must be in the format container/prefix',
      ]);
    }
    const headers = { 'x-object-manifest': 'nowhere/x' };
    await swift.ask('PUT', '/c/lost', { headers, body: '' });
    expect((await get('/c/lost')).status).to.equal(404);
  });

  it('show to a reader only what he may list', async () => {
    await swift.ask('POST', '/c', { headers: { 'x-container-read': 'mill:*' } });
    expect((await swift.ask('GET', '/c/dlo', { token: 'other' })).text).to.equal('1112222');
    await swift.ask('POST', '/c', { headers: { 'x-container-read': '.r:*' } });
    expect((await swift.ask('GET', '/c/dlo', { token: null })).status).to.equal(401);
    expect((await swift.ask('GET', '/c/dlo', { token: 'other' })).status).to.equal(403);
  });

  it('are made of an object by POST', async () => {
    await swift.fill('c', { later: '' });
    await swift.ask('POST', '/c/later', { headers: { 'x-object-manifest': 'c/d/' } });
    expect((await get('/c/later')).text).to.equal('1112222');
  });

  it('are copied as their content, or as the manifest', async () => {
    const headers = { destination: 'copies/o' };
    await swift.fill('copies', {});
    await swift.ask('COPY', '/c/dlo', { headers });
    const copy = await swift.ask('HEAD', '/copies/o');
    expect(copy.headers.get('etag')).to.equal(md5('1112222'));
    expect(copy.headers.get('x-object-manifest')).to.equal(null);
    await swift.ask('COPY', '/c/dlo?multipart-manifest=get', { headers });
    const same = await swift.ask('HEAD', '/copies/o');
    expect(same.headers.get('etag')).to.equal(etag);
  });
});
