import { fileURLToPath } from 'node:url';
import { loadSync, type MethodDefinition } from '@grpc/proto-loader';
import type {
  AlarmAnswer,
  AlarmRequest,
  HeaderAnswer,
  LeaseAnswer,
  MemberAddAnswer,
  MembersAnswer,
  RangeAnswer,
  RangeRequest,
  StatusAnswer,
  TxnAnswer,
  TxnRequest,
  WatchAnswer,
  WatchRequest,
} from './messages.ts';

/** One call of etcd's: its path, and how the two messages are written and read. */
export interface Method<Q, A> {
  readonly path: string;
  readonly encode: (request: Q) => Buffer;
  readonly decode: (bytes: Buffer) => A;
}

const definition = loadSync(fileURLToPath(new URL('etcd.proto', import.meta.url)), {
  longs: String,
  enums: String,
  defaults: true,
  arrays: true,
});

export const methods = Object.freeze({
  range: method<RangeRequest, RangeAnswer>('KV', 'Range'),
  txn: method<TxnRequest, TxnAnswer>('KV', 'Txn'),
  compact: method<{ readonly revision: number; readonly physical: boolean }, HeaderAnswer>(
    'KV',
    'Compact',
  ),
  watch: method<WatchRequest, WatchAnswer>('Watch', 'Watch'),
  leaseGrant: method<{ readonly ttl: number }, LeaseAnswer>('Lease', 'LeaseGrant'),
  leaseRevoke: method<{ readonly id: string }, HeaderAnswer>('Lease', 'LeaseRevoke'),
  leaseKeepAlive: method<{ readonly id: string }, LeaseAnswer>('Lease', 'LeaseKeepAlive'),
  authenticate: method<
    { readonly name: string; readonly password: string },
    { readonly token: string }
  >('Auth', 'Authenticate'),
  memberAdd: method<
    { readonly peerUrls: readonly string[]; readonly isLearner: boolean },
    MemberAddAnswer
  >('Cluster', 'MemberAdd'),
  memberRemove: method<{ readonly id: string }, MembersAnswer>('Cluster', 'MemberRemove'),
  memberUpdate: method<
    { readonly id: string; readonly peerUrls: readonly string[] },
    MembersAnswer
  >('Cluster', 'MemberUpdate'),
  memberList: method<object, MembersAnswer>('Cluster', 'MemberList'),
  memberPromote: method<{ readonly id: string }, MembersAnswer>('Cluster', 'MemberPromote'),
  alarm: method<AlarmRequest, AlarmAnswer>('Maintenance', 'Alarm'),
  status: method<object, StatusAnswer>('Maintenance', 'Status'),
  defragment: method<object, HeaderAnswer>('Maintenance', 'Defragment'),
  moveLeader: method<{ readonly targetId: string }, HeaderAnswer>('Maintenance', 'MoveLeader'),
});

function method<Q, A>(service: string, name: string): Method<Q, A> {
  const calls = definition[`etcdserverpb.${service}`] as Record<string, unknown>;
  const { path, requestSerialize, responseDeserialize } = calls[name] as MethodDefinition<
    object,
    object
  >;
  return {
    path,
    encode: (request) => requestSerialize(request as object),
    decode: (bytes) => responseDeserialize(bytes) as A,
  };
}
