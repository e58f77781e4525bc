import { status } from '@grpc/grpc-js';
import { expect } from 'chai';
import { RpcFailure, verdictOn, type Verdict } from '../../../../controller/store/etcd/failures.ts';

describe("etcd's errors", () => {
  const cases: readonly (readonly [status, string, Verdict])[] = [
    [status.UNAVAILABLE, 'etcdserver: no leader', 'not-done'],
    [status.UNAVAILABLE, 'etcdserver: leader changed', 'elsewhere'],
    [status.UNAVAILABLE, 'etcdserver: request timed out', 'elsewhere'],
    [status.UNKNOWN, 'raft proposal dropped', 'elsewhere'],
    [status.UNAUTHENTICATED, 'etcdserver: invalid auth token', 'token'],
    [status.INVALID_ARGUMENT, 'etcdserver: revision of auth store is old', 'token'],
    [status.INVALID_ARGUMENT, 'etcdserver: request is too large', 'too-large'],
    [status.INVALID_ARGUMENT, 'etcdserver: key is not provided', 'refused'],
    [status.RESOURCE_EXHAUSTED, 'etcdserver: mvcc: database space exceeded', 'full'],
    [status.RESOURCE_EXHAUSTED, 'grpc: received message larger than max', 'too-large'],
    [status.OUT_OF_RANGE, 'etcdserver: mvcc: required revision has been compacted', 'compacted'],
    [status.OUT_OF_RANGE, 'etcdserver: too large lease TTL', 'refused'],
    [status.PERMISSION_DENIED, 'etcdserver: permission denied', 'denied'],
  ];
  for (const [code, text, verdict] of cases)
    it(`${status[code]} ${text}: ${verdict}`, () => {
      expect(verdictOn(new RpcFailure(code, text, true))).to.equal(verdict);
    });

  it('of what was never sent is known that it did not happen', () => {
    expect(verdictOn(new RpcFailure(status.UNAVAILABLE, 'no connection', false))).to.equal(
      'not-done',
    );
  });

  it('are read from the reason of a cancelled watch', () => {
    const reason = 'rpc error: code = PermissionDenied desc = etcdserver: permission denied';
    expect(RpcFailure.ofReason(reason)).to.include({
      status: status.PERMISSION_DENIED,
      message: 'etcdserver: permission denied',
    });
    expect(verdictOn(RpcFailure.ofReason('something else'))).to.equal('elsewhere');
  });
});
