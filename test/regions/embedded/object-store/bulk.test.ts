import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { SwiftRig } from './middleware-rig.ts';
import { pax, tar } from './tar.ts';

interface Report {
  readonly 'Response Status': string;
  readonly 'Response Body': string;
  readonly Errors: readonly (readonly [string, string])[];
  readonly 'Number Files Created'?: number;
  readonly 'Number Deleted'?: number;
  readonly 'Number Not Found'?: number;
}

const json = { accept: 'application/json' };

describe('embedded Swift: bulk deletion', () => {
  let swift: SwiftRig;

  before(async () => {
    swift = await SwiftRig.open();
  });

  beforeEach(() => swift.fill('c', { 'a%20b': '1', d: '2', e: '3' }));

  after(() => swift.close());

  const remove = (body: string | Buffer, headers = {}, token: string | null = 'owner') =>
    swift.ask('POST', '?bulk-delete', {
      body,
      token,
      headers: { 'content-type': 'text/plain', ...headers },
    });
  const removed = async (body: string | Buffer) =>
    JSON.parse((await remove(body, json)).text) as Report;

  it('deletes objects, then containers, and counts', async () => {
    expect(await removed('c\n/c/a%20b\nc/d\n\nc/none\nnowhere/x\n c/e')).to.deep.equal({
      'Response Status': '200 OK',
      'Response Body': '',
      'Number Deleted': 4,
      'Number Not Found': 2,
      Errors: [],
    });
    expect((await swift.ask('HEAD', '/c')).status).to.equal(404);
  });

  it('reports what stays, in the form that the client likes', async () => {
    const body = Buffer.from('c/d\nc/none\nc\n%00\nc/%ff\n', 'latin1');
    const text = await remove(body);
    expect([text.status, text.headers.get('content-type'), text.text]).to.deep.equal([
      200,
      'text/plain',
      'Number Deleted: 1\nNumber Not Found: 1\nResponse Body: \nResponse Status: 400 Bad Request\nErrors:\n' +
        'c/%FF, 412 Precondition Failed\nc, 409 Conflict\n%00, 412 Precondition Failed\n',
    ]);
    const xml = await remove('c', { accept: 'application/xml' });
    expect(xml.text).to.equal(
      '<delete>\n<number_deleted>0</number_deleted>\n<number_not_found>0</number_not_found>\n' +
        '<response_body></response_body>\n<response_status>400 Bad Request</response_status>\n' +
        '<errors>\n<object><name>c</name><status>409 Conflict</status></object>\n</errors>\n</delete>\n',
    );
    const picky = await remove('c/d', { accept: 'image/png' });
    expect(picky.text).to.contain('Response Status: 406 Not Acceptable');
    expect(picky.headers.get('content-type')).to.equal('text/html; charset=UTF-8');
  });

  it('refuses what is no list of names', async () => {
    expect(await removed('')).to.include({
      'Response Status': '400 Bad Request',
      'Response Body': 'Invalid bulk delete.',
    });
    expect(await removed('x'.repeat(3_000))).to.include({ 'Response Body': 'Invalid File Name' });
    const typed = await remove('c/d', { 'content-type': 'application/json', ...json });
    expect(JSON.parse(typed.text)).to.include({ 'Response Status': '406 Not Acceptable' });
    expect(await removed('c/x\n'.repeat(10_001))).to.include({
      'Response Status': '413 Request Entity Too Large',
      'Response Body': 'Maximum Bulk Deletes: 10000 per request',
    });
  });

  it('lets nobody delete what he may not', async () => {
    const nobody = await remove('c/d\nc', json, null);
    expect((JSON.parse(nobody.text) as Report).Errors).to.deep.equal([
      ['c/d', '401 Unauthorized'],
      ['c', '401 Unauthorized'],
    ]);
    expect((await swift.ask('HEAD', '/c/d')).status).to.equal(200);
  });
});

describe('embedded Swift: archives', () => {
  let swift: SwiftRig;

  before(async () => {
    swift = await SwiftRig.open();
  });

  after(() => swift.close());

  const extract = async (body: Buffer, path = '?extract-archive=tar', headers = {}) => {
    const answer = await swift.ask('PUT', path, { body, headers: { ...json, ...headers } });
    return JSON.parse(answer.text) as Report;
  };
  const members = [
    { name: './', type: '5' },
    { name: './base', data: 'base' },
    { name: './t1/sub/one.txt', data: 'one' },
    { name: '/t2/two', data: 'two' },
    { name: 't2/link', type: '2' },
    { name: 't2/empty' },
  ];

  it('become objects, in containers that are made for them', async () => {
    expect(await extract(tar(members))).to.deep.equal({
      'Response Status': '201 Created',
      'Response Body': '',
      'Number Files Created': 3,
      Errors: [],
    });
    expect((await swift.ask('GET', '/t1/sub/one.txt')).text).to.equal('one');
    expect((await swift.ask('GET', '/t2')).text).to.equal('empty\ntwo\n');
    const zipped = await extract(gzipSync(tar(members)), '?extract-archive=tar.gz');
    expect(zipped['Number Files Created']).to.equal(3);
  });

  it('go below a path', async () => {
    const report = await extract(tar(members), '/t3/pre/?extract-archive=tar');
    expect(report['Number Files Created']).to.equal(4);
    expect((await swift.ask('GET', '/t3')).text).to.equal(
      'pre/base\npre/t1/sub/one.txt\npre/t2/empty\npre/t2/two\n',
    );
  });

  it("have long names, attributes and the request's metadata", async () => {
    const name = `t4/${'n'.repeat(150)}/é`;
    const archive = tar([
      pax({
        path: name,
        'SCHILY.xattr.user.mime_type': 'a/b',
        'SCHILY.xattr.user.meta.fun': 'yes',
      }),
      { name: 'short', data: 'abc' },
      { name: '././@LongLink', data: `t4/${'m'.repeat(200)}\0`, type: 'L' },
      { name: 'cut', data: 'def' },
    ]);
    const report = await extract(archive, undefined, { 'x-object-meta-q': 'r' });
    expect(report['Number Files Created']).to.equal(2);
    const { headers, text } = await swift.ask('GET', `/${encodeURI(name)}`);
    expect(text).to.equal('abc');
    expect(headers.get('content-type')).to.equal('a/b');
    expect([headers.get('x-object-meta-fun'), headers.get('x-object-meta-q')]).to.deep.equal([
      'yes',
      'r',
    ]);
    expect((await swift.ask('GET', `/t4/${'m'.repeat(200)}`)).text).to.equal('def');
  });

  it('report what could not be stored, and go on', async () => {
    const archive = tar([
      { name: Buffer.from('t5/\xff', 'latin1') },
      { name: `t5/${'x'.repeat(90)}`, data: 'x'.repeat(2_000) },
      { name: `${'x'.repeat(90)}/${'y'.repeat(9)}`, data: 'x' },
    ]);
    await swift.fill('t5', {});
    await swift.ask('POST', '/t5', { headers: { 'x-container-meta-quota-bytes': '10' } });
    const report = await extract(archive);
    expect(report['Response Status']).to.equal('400 Bad Request');
    expect(report['Number Files Created']).to.equal(1);
    expect(report.Errors).to.deep.equal([
      ['t5/%FF', '412 Precondition Failed'],
      [`t5/${'x'.repeat(90)}`, '413 Request Entity Too Large'],
    ]);
  });

  it('are refused when they are none', async () => {
    const failure = async (body: Buffer, kind = 'tar') => {
      const report = await extract(body, `?extract-archive=${kind}`);
      expect(report['Response Status']).to.equal('400 Bad Request');
      return report['Response Body'];
    };
    const whole = tar([
      { name: 't6/a', data: 'a'.repeat(5_000) },
      { name: 't6/b', data: 'b'.repeat(5_000) },
    ]);
    expect(await failure(Buffer.alloc(0))).to.equal('Invalid Tar File: empty file');
    expect(await failure(Buffer.alloc(1_024))).to.equal('Invalid Tar File: empty file');
    expect(await failure(Buffer.from('short'))).to.equal('Invalid Tar File: truncated header');
    expect(await failure(Buffer.alloc(512, 'x'))).to.equal('Invalid Tar File: invalid header');
    expect(await failure(whole, 'tar.gz')).to.equal('Invalid Tar File: not a gzip file');
    expect(await failure(whole.subarray(0, 8_000))).to.equal(
      'Invalid Tar File: unexpected end of data',
    );
    expect(await failure(tar([{ name: 'base', data: 'x' }]))).to.equal(
      'Invalid Tar File: No Valid Files',
    );
    const zip = await swift.ask('PUT', '?extract-archive=zip', { body: whole });
    expect([zip.status, zip.text]).to.deep.equal([400, 'Unsupported archive format']);
  });

  it('end quietly at what is no header, or where the compressed stream is cut', async () => {
    const open = tar([{ name: 't7/a', data: 'a' }], true);
    const report = await extract(Buffer.concat([open, Buffer.alloc(512, 'x')]));
    expect(report).to.include({ 'Response Status': '201 Created', 'Number Files Created': 1 });
    const zipped = gzipSync(tar([{ name: 't7/b', data: 'b' }]));
    const cut = await extract(zipped.subarray(0, -8), '?extract-archive=tar.gz');
    expect(cut).to.include({ 'Response Status': '201 Created', 'Number Files Created': 1 });
  });

  it("are nobody's to unpack without a token", async () => {
    const asked = { body: tar(members), token: null, headers: json };
    const answer = await swift.ask('PUT', '?extract-archive=tar', asked);
    expect(JSON.parse(answer.text)).to.include({
      'Response Status': '401 Unauthorized',
      'Number Files Created': 0,
    });
  });
});
