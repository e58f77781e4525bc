import { status } from '@grpc/grpc-js';
import type { Clock } from '../../kernel/clock.ts';
import { FarshoreError } from '../../kernel/errors.ts';
import { Endpoint, type TlsOptions } from '../store/etcd/endpoint.ts';
import { RpcFailure, verdictOn } from '../store/etcd/failures.ts';
import { Layout } from '../store/etcd/layout.ts';
import type { AlarmType, Member, StatusAnswer } from '../store/etcd/messages.ts';
import { type Method, methods } from '../store/etcd/methods.ts';
import type { Key } from '../store/store.ts';

/** All keys of Farshore begin with it. */
export const statePrefix = '/farshore/';

const timeoutMs = 2_000;
/** It stops the member for as long as it takes: seconds for each gibibyte. */
const defragmentMs = 120_000;

export interface MemberStatus {
  readonly clusterId: string;
  readonly memberId: string;
  readonly version: string;
  /** Null while it knows none. */
  readonly leaderId: string | null;
  readonly term: number;
  readonly raftIndex: number;
  readonly appliedIndex: number;
  readonly dbBytes: number;
  readonly dbBytesInUse: number;
  readonly isLearner: boolean;
}

export interface MemberAlarm {
  readonly memberId: string;
  readonly alarm: AlarmType;
}

/**
 * One member, asked by itself and once: who calls says what to make of no answer. Throws
 * `raft.unreachable` (transient), `raft.not-now` (transient: the cluster is not fit for it) and
 * `raft.refused` (permanent).
 */
export class MemberApi {
  readonly address: string;
  readonly #endpoint: Endpoint;
  readonly #layout = new Layout(statePrefix);

  /** `address`: `host:port`. */
  constructor(address: string, tls: TlsOptions, clock: Clock) {
    this.address = address;
    this.#endpoint = new Endpoint(address, tls, clock);
  }

  async status(signal: AbortSignal): Promise<MemberStatus> {
    return toStatus(await this.#call(methods.status, {}, 'ask member', signal));
  }

  /** As this member knows it, without asking the others. */
  async local<T>(
    key: Key<T>,
    signal: AbortSignal,
  ): Promise<{ readonly clusterId: string; readonly value: T | null }> {
    const request = { key: this.#layout.key(key.path), serializable: true };
    const answer = await this.#call(methods.range, request, 'read member', signal);
    const [found] = answer.kvs;
    const value = found === undefined ? null : this.#layout.entry<T>(found).value;
    return { clusterId: answer.header?.clusterId ?? '', value };
  }

  /** True when a majority answered through this member. */
  async hasQuorum(signal: AbortSignal): Promise<boolean> {
    try {
      await this.#call(methods.range, { key: Buffer.from('\0') }, 'ask for a quorum', signal);
      return true;
    } catch (error) {
      if (error instanceof FarshoreError && error.kind === 'transient') return false;
      throw error;
    }
  }

  async members(signal: AbortSignal): Promise<readonly Member[]> {
    return (await this.#call(methods.memberList, {}, 'list members', signal)).members;
  }

  async addLearner(peerUrl: string, signal: AbortSignal): Promise<void> {
    const request = { peerUrls: [peerUrl], isLearner: true };
    await this.#call(methods.memberAdd, request, 'add member', signal, defragmentMs);
  }

  async remove(id: string, signal: AbortSignal): Promise<void> {
    await this.#call(methods.memberRemove, { id }, 'remove member', signal, defragmentMs);
  }

  /** False while it has not caught up. */
  async promote(id: string, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#call(methods.memberPromote, { id }, 'promote member', signal);
      return true;
    } catch (error) {
      if (error instanceof FarshoreError && error.code === 'raft.not-now') return false;
      throw error;
    }
  }

  async alarms(signal: AbortSignal): Promise<readonly MemberAlarm[]> {
    const request = { action: 'GET', memberId: '0', alarm: 'NONE' } as const;
    return (await this.#call(methods.alarm, request, 'ask for alarms', signal)).alarms;
  }

  async disarm({ memberId, alarm }: MemberAlarm, signal: AbortSignal): Promise<void> {
    const request = { action: 'DEACTIVATE', memberId, alarm } as const;
    await this.#call(methods.alarm, request, 'disarm', signal);
  }

  /** Forgets what was overwritten or deleted before now. */
  async compact(signal: AbortSignal): Promise<void> {
    const { header } = await this.#call(
      methods.range,
      { key: Buffer.from('\0') },
      'read revision',
      signal,
    );
    const request = { revision: Number(header?.revision ?? 0), physical: true };
    try {
      await this.#call(methods.compact, request, 'compact', signal, defragmentMs);
    } catch (error) {
      const cause = error instanceof FarshoreError ? error.cause : undefined;
      // It was done before, and nothing was written since: a full database takes no writes.
      if (!(cause instanceof RpcFailure && verdictOn(cause) === 'compacted')) throw error;
    }
  }

  async defragment(signal: AbortSignal): Promise<void> {
    await this.#call(methods.defragment, {}, 'defragment', signal, defragmentMs);
  }

  close(): void {
    this.#endpoint.close();
  }

  async #call<Q, A>(
    method: Method<Q, A>,
    request: Q,
    operation: string,
    signal: AbortSignal,
    withinMs = timeoutMs,
  ): Promise<A> {
    try {
      return await this.#endpoint.call(method, request, {
        timeoutMs: withinMs,
        signal,
        isLocal: true,
      });
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof RpcFailure ? this.#error(error, operation) : error;
    }
  }

  #error(cause: RpcFailure, operation: string): FarshoreError {
    const detail = { operation, subject: this.address, cause };
    // etcd's own text, as it has no status of its own for members that were away a moment ago.
    const isUnfit = cause.message === 'etcdserver: unhealthy cluster';
    if (unanswered.has(cause.status) && !isUnfit)
      return new FarshoreError(`the member does not answer (${cause.message})`, {
        ...detail,
        code: 'raft.unreachable',
        kind: 'transient',
      });
    const isNotNow = isUnfit || cause.status === status.FAILED_PRECONDITION;
    return new FarshoreError(cause.message, {
      ...detail,
      code: isNotNow ? 'raft.not-now' : 'raft.refused',
      kind: isNotNow ? 'transient' : 'permanent',
      hint: isNotNow
        ? 'see farshore raft status, and try again once all members answer'
        : 'see farshore raft status',
    });
  }
}

/**
 * UNKNOWN: etcd could not bring it through its cluster. INTERNAL: the connection broke in the middle
 * of the answer. RESOURCE_EXHAUSTED: it has too much to do.
 */
const unanswered: ReadonlySet<status> = new Set([
  status.UNAVAILABLE,
  status.DEADLINE_EXCEEDED,
  status.CANCELLED,
  status.ABORTED,
  status.INTERNAL,
  status.RESOURCE_EXHAUSTED,
  status.UNKNOWN,
]);

function toStatus(answer: StatusAnswer): MemberStatus {
  return {
    clusterId: answer.header?.clusterId ?? '',
    memberId: answer.header?.memberId ?? '',
    version: answer.version,
    leaderId: answer.leader === '0' ? null : answer.leader,
    term: Number(answer.header?.raftTerm ?? 0),
    raftIndex: Number(answer.raftIndex),
    appliedIndex: Number(answer.raftAppliedIndex),
    dbBytes: Number(answer.dbSize),
    dbBytesInUse: Number(answer.dbSizeInUse),
    isLearner: answer.isLearner,
  };
}
