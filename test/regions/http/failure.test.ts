import { expect } from 'chai';
import { describeError } from '../../../kernel/errors.ts';
import { failureOfNetwork, failureOfStatus } from '../../../regions/http/failure.ts';
import { serviceMessage } from '../../../regions/http/service-message.ts';

const call = {
  region: 'west',
  service: 'block-storage',
  method: 'POST',
  url: 'http://west.example:8776/v3/p1/volumes',
  operation: 'create volume',
  subject: 'disk-1',
};

function answered(status: number, text: string, service = 'block-storage') {
  const headers = { 'x-openstack-request-id': 'req-7' };
  return failureOfStatus({ ...call, service }, { status, headers, text });
}

describe('what a service says', () => {
  const table: readonly [string, string, string][] = [
    [
      'Cinder',
      '{"badRequest": {"code": 400, "message": "Invalid volume: x"}}',
      'Invalid volume: x',
    ],
    [
      'Cinder quota',
      '{"overLimit": {"code": 413, "message": "Quota exceeded", "retryAfter": "0"}}',
      'Quota exceeded',
    ],
    [
      'Keystone',
      '{"error": {"code": 401, "message": "Log in.", "title": "Unauthorized"}}',
      'Log in.',
    ],
    [
      'Glance',
      '<html>\n <head>\n  <title>409 Conflict</title>\n </head>\n <body>\n  <h1>409 Conflict</h1>\n  Image ID &#39;i1&#39; already exists!<br /><br />\n </body>\n</html>',
      "409 Conflict: Image ID 'i1' already exists!",
    ],
    [
      'Swift',
      '<html><h1>Forbidden</h1><p>Access was denied to this resource.</p></html>',
      'Forbidden: Access was denied to this resource.',
    ],
    ['plain text', 'Upload exceeds quota.\n', 'Upload exceeds quota.'],
    ['JSON cut short', '{"badRequest": {"mess', '{"badRequest": {"mess'],
    ['nothing', '', ''],
  ];
  for (const [from, body, expected] of table)
    it(from, () => expect(serviceMessage(body)).to.equal(expected));

  it('of a page that is made to take long, in no time', () => {
    for (const part of ['<', '<title', '<script>']) serviceMessage(part.repeat(1_000_000));
  });

  it('never a token', () => {
    const fernet = `gAAAAA${'Bq3-_'.repeat(20)}==`;
    const jws = `eyJhbGciOi.${'x'.repeat(30)}.${'y'.repeat(30)}`;
    const said = serviceMessage(
      `{"error": {"message": "Could not find token: ${fernet} or ${jws}."}}`,
    );
    expect(said).to.equal('Could not find token: [token] or [token].');
  });
});

describe('a status that was not expected', () => {
  const table: readonly [number, string, string, string][] = [
    [400, 'image', 'image.invalid-request', 'permanent'],
    [401, 'image', 'region.unauthorized', 'permanent'],
    [403, 'block-storage', 'region.right-missing', 'permanent'],
    [404, 'object-store', 'object-store.not-found', 'permanent'],
    [409, 'block-storage', 'block-storage.conflict', 'permanent'],
    [412, 'object-store', 'object-store.precondition-failed', 'permanent'],
    [413, 'block-storage', 'block-storage.quota-exceeded', 'permanent'],
    [413, 'object-store', 'object-store.quota-exceeded', 'permanent'],
    [422, 'object-store', 'object-store.checksum-mismatch', 'transient'],
    [422, 'image', 'image.invalid-request', 'permanent'],
    [429, 'image', 'region.rate-limited', 'transient'],
    [498, 'object-store', 'region.rate-limited', 'transient'],
    [500, 'image', 'region.service-failed', 'transient'],
    [503, 'image', 'region.service-failed', 'transient'],
    [302, 'image', 'region.unexpected-answer', 'permanent'],
  ];
  for (const [status, service, code, kind] of table)
    it(`${status} of ${service} is ${code}`, () => {
      const error = answered(status, '', service);
      expect([error.code, error.kind, error.status]).to.deep.equal([code, kind, status]);
      expect(error.hint).to.be.a('string').that.is.not.empty;
    });

  it('is told on one line with the service’s words and what to do', () => {
    const error = answered(413, '{"overLimit": {"message": "Quota exceeded for gigabytes"}}');
    expect(describeError(error)).to.equal(
      'create volume disk-1: block-storage answered 413: Quota exceeded for gigabytes' +
        " (raise the project's quota in this region, or free space in it)",
    );
    expect(error.requestId).to.equal('req-7');
  });
});

describe('no answer', () => {
  const coded = (code: string) => Object.assign(new Error(`secret of ${code}`), { code });
  const table: readonly [string, string, string, boolean][] = [
    ['ECONNREFUSED', 'region.unreachable', 'transient', true],
    ['EHOSTUNREACH', 'region.unreachable', 'transient', true],
    ['ENOTFOUND', 'region.unreachable', 'transient', true],
    ['UND_ERR_CONNECT_TIMEOUT', 'region.unreachable', 'transient', true],
    ['ETIMEDOUT', 'region.unreachable', 'transient', false],
    ['ECONNRESET', 'region.connection-lost', 'transient', false],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'region.tls-failed', 'permanent', true],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'region.tls-failed', 'permanent', true],
    ['CERT_HAS_EXPIRED', 'region.tls-failed', 'permanent', true],
    ['HPE_INVALID_HEADER_TOKEN', 'region.unexpected-answer', 'permanent', false],
    ['UND_ERR_INVALID_ARG', 'block-storage.invalid-request', 'permanent', true],
  ];
  for (const [raw, code, kind, unsent] of table)
    it(`${raw} is ${code}`, () => {
      const { error, unsent: seen } = failureOfNetwork(call, coded(raw));
      expect([error.code, error.kind, seen]).to.deep.equal([code, kind, unsent]);
      expect(error.hint).to.be.a('string').that.is.not.empty;
    });

  for (const raw of ['HPE_INVALID_HEADER_TOKEN', 'HPE_HEADER_OVERFLOW', 'UND_ERR_HEADERS_OVERFLOW'])
    it(`${raw} is, of an object store, what one object's metadata does`, () => {
      const { error } = failureOfNetwork({ ...call, service: 'object-store' }, coded(raw));
      expect(error).to.include({ code: 'object-store.unreadable-headers', kind: 'permanent' });
      const other = failureOfNetwork(call, coded(raw)).error;
      expect(other).to.include({ code: 'region.unexpected-answer', kind: 'permanent' });
    });

  it('looks into what wraps the socket’s error', () => {
    const wrapped = new Error('request failed', {
      cause: new AggregateError([coded('ECONNREFUSED'), coded('ENETUNREACH')]),
    });
    expect(failureOfNetwork(call, wrapped).error.code).to.equal('region.unreachable');
  });

  it('keeps nothing of a request that an HTTP library hangs on its error', () => {
    const raw = Object.assign(coded('ECONNRESET'), {
      config: { headers: { 'x-auth-token': 't0ken' } },
    });
    const { error } = failureOfNetwork(call, raw);
    expect(error.cause).to.be.instanceOf(Error).and.not.have.property('config');
  });
});
