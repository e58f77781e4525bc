import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import { nowMs, SwiftRig } from './middleware-rig.ts';

const expires = 1_899_999_999;
const path = '/v1/AUTH_p-shop/c/dir/o';

describe('embedded Swift: temporary URLs', () => {
  let swift: SwiftRig;

  before(async () => {
    swift = await SwiftRig.open();
    await swift.fill('c', {});
    await swift.ask('POST', '/c', { headers: { 'x-container-meta-temp-url-key': 'ckey' } });
    await swift.ask('POST', '', { headers: { 'x-account-meta-temp-url-key-2': 'akey' } });
  });

  beforeEach(async () => {
    const headers = {
      'content-type': 'text/plain',
      'x-object-meta-a': 'b',
      'x-object-meta-public-x': 'y',
    };
    await swift.ask('PUT', '/c/dir/o', { body: 'hello', headers });
  });

  after(() => swift.close());

  function hmac(digest: string, method: string, key = 'ckey', message = path, ip = ''): Buffer {
    return createHmac(digest, key).update(`${ip}${method}\n${expires}\n${message}`).digest();
  }

  function url(signature: Buffer | string, more = '', at = path, until: number | string = expires) {
    const text = typeof signature === 'string' ? signature : signature.toString('hex');
    return `${at}?temp_url_sig=${encodeURIComponent(text)}&temp_url_expires=${until}${more}`;
  }

  const ask = (method: string, at: string, headers: Readonly<Record<string, string>> = {}) =>
    swift.ask(method, at, { token: null, headers, ...(method === 'PUT' ? { body: 'new' } : {}) });

  const invalid = async (method: string, at: string) => {
    const answer = await ask(method, at);
    expect([answer.status, answer.text], at).to.deep.equal([
      401,
      method === 'HEAD' ? '' : '401 Unauthorized: Temp URL invalid\n',
    ]);
    expect(answer.headers.get('www-authenticate')).to.contain('Swift realm="unknown"');
  };

  it('read one object, with a name to save it under', async () => {
    const answer = await ask('GET', url(hmac('sha256', 'GET')));
    expect([answer.status, answer.text]).to.deep.equal([200, 'hello']);
    expect(answer.headers.get('content-disposition')).to.equal(
      `attachment; filename="o"; filename*=UTF-8''o`,
    );
    expect(answer.headers.get('expires')).to.equal('Sun, 17 Mar 2030 17:46:39 GMT');
    expect(answer.headers.get('x-object-meta-a')).to.equal(null);
    expect(answer.headers.get('x-object-meta-public-x')).to.equal('y');
    const part = await ask('GET', url(hmac('sha256', 'GET')), { range: 'bytes=1-2' });
    expect([part.status, part.text]).to.deep.equal([206, 'el']);
  });

  it('are signed with any of four keys and three digests, in hex or base64', async () => {
    for (const key of ['ckey', 'akey'])
      for (const digest of ['sha1', 'sha256', 'sha512']) {
        const signature = hmac(digest, 'GET', key);
        expect((await ask('GET', url(signature))).status).to.equal(200);
        for (const encoding of ['base64', 'base64url'] as const) {
          const text = `${digest}:${signature.toString(encoding)}`;
          expect((await ask('GET', url(text))).status).to.equal(200);
        }
      }
    await invalid('GET', url(hmac('sha256', 'GET', 'other')));
    await invalid('GET', url(hmac('md5', 'GET')));
    await invalid('GET', url(hmac('sha256', 'GET').toString('hex').toUpperCase()));
  });

  it('are for their method, HEAD coming along', async () => {
    const forGet = hmac('sha256', 'GET');
    const forPut = hmac('sha256', 'PUT');
    expect((await ask('HEAD', url(forGet))).status).to.equal(200);
    expect((await ask('HEAD', url(forPut))).status).to.equal(200);
    await invalid('DELETE', url(forGet));
    await invalid('GET', url(forPut));
    await invalid('COPY', url(hmac('sha256', 'COPY')));
    expect((await ask('PUT', url(forPut))).status).to.equal(201);
    const pointer = await ask('PUT', url(forPut), { 'x-object-manifest': 'a/b' });
    expect([pointer.status, pointer.text]).to.deep.equal([
      400,
      "The header 'X-Object-Manifest' is not allowed in this tempurl",
    ]);
    expect((await ask('DELETE', url(hmac('sha256', 'DELETE')))).status).to.equal(204);
    expect((await ask('GET', url(forGet))).status).to.equal(404);
  });

  it('end, at a Unix time or a written one', async () => {
    const written = '2030-03-17T17:46:39Z';
    expect((await ask('GET', url(hmac('sha256', 'GET'), '', path, written))).status).to.equal(200);
    await invalid('GET', url(hmac('sha256', 'GET'), '', path, nowMs / 1_000 - 1));
    await invalid('GET', url(hmac('sha256', 'GET'), '', path, 'soon'));
    await invalid('GET', `${path}?temp_url_sig=${hmac('sha256', 'GET').toString('hex')}`);
    await invalid('HEAD', `${path}?temp_url_expires=${expires}`);
    await invalid('GET', url('zz'));
  });

  it('are for what begins with a prefix', async () => {
    const signature = hmac('sha256', 'GET', 'ckey', 'prefix:/v1/AUTH_p-shop/c/dir/');
    const inside = url(signature, '&temp_url_prefix=dir/');
    expect((await ask('GET', inside)).text).to.equal('hello');
    await invalid('GET', url(signature, '&temp_url_prefix=d'));
    await invalid('GET', url(signature, '&temp_url_prefix=dir/', '/v1/AUTH_p-shop/c/elsewhere'));
    await invalid(
      'GET',
      url(hmac('sha256', 'GET', 'ckey', '/v1/AUTH_p-shop/c'), '', '/v1/AUTH_p-shop/c'),
    );
  });

  it('are for clients of some addresses', async () => {
    for (const [range, isIn] of [
      ['127.0.0.0/8', true],
      ['127.0.0.1', true],
      ['10.0.0.0/8', false],
      ['::1', false],
      ['nonsense', false],
    ] as const) {
      const signature = hmac('sha256', 'GET', 'ckey', path, `ip=${range}\n`);
      const at = url(signature, `&temp_url_ip_range=${range}`);
      if (isIn) expect((await ask('GET', at)).status, range).to.equal(200);
      else await invalid('GET', at);
    }
  });

  it('say how to show the file', async () => {
    const disposition = async (more: string) =>
      (await ask('GET', url(hmac('sha256', 'GET'), more))).headers.get('content-disposition');
    expect(await disposition('&inline')).to.equal('inline');
    const name = `filename="a%22 %C3%A9.txt"; filename*=UTF-8''a%22%20%C3%A9.txt`;
    expect(await disposition('&filename=a%22%20%C3%A9.txt')).to.equal(`attachment; ${name}`);
    expect(await disposition('&filename=a%22%20%C3%A9.txt&inline')).to.equal(`inline; ${name}`);
  });
});
