import { status, type ServiceError } from '@grpc/grpc-js';
import { FarshoreError } from '../../../kernel/errors.ts';

/** A call that was not answered with what it asked for. */
export class RpcFailure extends Error {
  readonly status: status;
  /** False: it never left this process. */
  readonly isSent: boolean;

  constructor(code: status, text: string, isSent = false) {
    super(text);
    this.status = code;
    this.isSent = isSent;
  }

  static of(error: unknown, isSent: boolean): RpcFailure {
    if (error instanceof RpcFailure) return new RpcFailure(error.status, error.message, isSent);
    if (!isServiceError(error)) throw error;
    return new RpcFailure(error.code, error.details, isSent);
  }

  /** Of the text that a watch is cancelled with: `rpc error: code = PermissionDenied desc = …`. */
  static ofReason(reason: string): RpcFailure {
    const [, name = '', text = reason] = /code = (\w+) desc = (.*)$/.exec(reason) ?? [];
    const key = name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase();
    const code = Object.entries(status).find(([known]) => known === key)?.[1];
    return new RpcFailure(typeof code === 'number' ? code : status.UNAVAILABLE, text, true);
  }
}

/**
 * What an answer of etcd's means for who called.
 * `elsewhere`: try another member; what was asked for may have happened, or may happen yet.
 * `not-done`: try another member; it did not happen. `token`: the same, after authenticating anew.
 * All others are final; it did not happen.
 */
export type Verdict =
  | 'elsewhere'
  | 'not-done'
  | 'token'
  | 'lease-gone'
  | 'compacted'
  | 'too-large'
  | 'full'
  | 'denied'
  | 'no-auth'
  | 'damaged'
  | 'refused';

/**
 * By gRPC's status and, where etcd uses one status for several things, by the text that its public
 * errors have had since version 3.0. The first row that fits counts.
 */
const table: readonly (readonly [status, string, Verdict])[] = [
  [status.UNAVAILABLE, 'etcdserver: no leader', 'not-done'],
  [status.UNAVAILABLE, 'etcdserver: not capable', 'not-done'],
  [status.UNAVAILABLE, 'etcdserver: rpc not supported for learner', 'not-done'],
  [status.UNAVAILABLE, '', 'elsewhere'],
  [status.DEADLINE_EXCEEDED, '', 'elsewhere'],
  [status.CANCELLED, '', 'elsewhere'],
  [status.ABORTED, '', 'elsewhere'],
  [status.INTERNAL, '', 'elsewhere'],
  // How etcd passes on what none of its public errors stands for, such as a proposal that was dropped.
  [status.UNKNOWN, '', 'elsewhere'],
  [status.UNAUTHENTICATED, '', 'token'],
  [status.INVALID_ARGUMENT, 'etcdserver: revision of auth store is old', 'token'],
  [status.INVALID_ARGUMENT, 'etcdserver: user name is empty', 'denied'],
  [status.INVALID_ARGUMENT, 'etcdserver: authentication failed', 'denied'],
  [status.INVALID_ARGUMENT, 'etcdserver: request is too large', 'too-large'],
  [status.INVALID_ARGUMENT, 'etcdserver: too many operations in txn request', 'too-large'],
  [status.PERMISSION_DENIED, '', 'denied'],
  [status.FAILED_PRECONDITION, 'etcdserver: authentication is not enabled', 'no-auth'],
  [status.FAILED_PRECONDITION, 'etcdserver: not leader', 'not-done'],
  [status.NOT_FOUND, 'etcdserver: requested lease not found', 'lease-gone'],
  [status.OUT_OF_RANGE, 'etcdserver: mvcc: required revision', 'compacted'],
  [status.RESOURCE_EXHAUSTED, 'etcdserver: mvcc: database space exceeded', 'full'],
  [status.RESOURCE_EXHAUSTED, 'etcdserver: too many requests', 'not-done'],
  // Of gRPC itself, where the limit of the server's connection is met before etcd's own.
  [status.RESOURCE_EXHAUSTED, '', 'too-large'],
  [status.DATA_LOSS, '', 'damaged'],
];

export function verdictOn(failure: RpcFailure): Verdict {
  const row = table.find(
    ([code, text]) => code === failure.status && failure.message.startsWith(text),
  );
  const verdict = row?.[2] ?? 'refused';
  return verdict === 'elsewhere' && !failure.isSent ? 'not-done' : verdict;
}

type Final = Exclude<Verdict, 'elsewhere' | 'not-done' | 'token'>;

/** For those that their callers do not make something better of. */
const finals: Record<Final, Pick<FarshoreError, 'code' | 'kind' | 'hint' | 'message'>> = {
  'lease-gone': {
    message: 'the lease has ended',
    code: 'store.lease-lost',
    kind: 'transient',
    hint: undefined,
  },
  compacted: {
    message: 'that revision of the state is not kept',
    code: 'store.compacted',
    kind: 'permanent',
    hint: 'read all of it again, and go on from there',
  },
  'too-large': {
    message: 'etcd takes no transaction of this size',
    code: 'store.too-large',
    kind: 'permanent',
    hint: "make it smaller, or raise etcd's --max-request-bytes and --max-txn-ops on all members",
  },
  full: {
    message: "etcd's space is used up",
    code: 'store.full',
    kind: 'transient',
    hint: "defragment the members, or raise etcd's --quota-backend-bytes, then disarm the alarm",
  },
  denied: {
    message: 'etcd does not let this user in, or not there',
    code: 'store.denied',
    kind: 'permanent',
    hint: 'check the name and password, and that the role may read and write below the prefix',
  },
  'no-auth': {
    message: 'etcd knows no users',
    code: 'store.denied',
    kind: 'permanent',
    hint: 'enable authentication in etcd, or leave the user out of the configuration',
  },
  damaged: {
    message: 'etcd finds its data damaged',
    code: 'store.corrupt',
    kind: 'fatal',
    hint: 'compare the members; replace the one that differs',
  },
  refused: {
    message: 'etcd refused the request',
    code: 'store.failed',
    kind: 'fatal',
    hint: 'check that the endpoints are those of etcd 3.4 or later',
  },
};

export function finalError(
  verdict: Final,
  failure: RpcFailure,
  operation: string,
  subject?: string,
): FarshoreError {
  const { message, ...detail } = finals[verdict];
  return new FarshoreError(message, { ...detail, operation, subject, cause: failure });
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && 'details' in error;
}
