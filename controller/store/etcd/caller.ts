import { status, type ClientDuplexStream } from '@grpc/grpc-js';
import { FarshoreError } from '../../../kernel/errors.ts';
import type { Ambient } from '../../../kernel/ambient.ts';
import { storeClosed } from '../store-errors.ts';
import type { Consistency } from '../store.ts';
import type { Endpoint } from './endpoint.ts';
import { finalError, RpcFailure, verdictOn } from './failures.ts';
import type { HeaderAnswer } from './messages.ts';
import { methods, type Method } from './methods.ts';
import { Ranking } from './ranking.ts';
import type { Token } from './token.ts';

/** Milliseconds. */
export const times = Object.freeze({
  attempt: 1000,
  /** In all, over however many attempts. */
  linearizable: 10_000,
  local: 3000,
  /** Between an attempt that failed at once and the next. */
  pause: 100,
});

export interface CallerDeps {
  readonly ambient: Ambient;
  readonly token: Token;
  readonly endpoints: readonly Endpoint[];
  /** Aborts when the store is closed. */
  readonly closing: AbortSignal;
}

export interface Plan {
  readonly consistency: Consistency;
  readonly operation: string;
  readonly subject?: string;
  readonly withinMs?: number;
  /** Set where the answer may come from one member alone that still believes that it leads. */
  readonly isUnconfirmed?: boolean;
}

/** One attempt at one member. */
export interface Attempt {
  call<Q, A>(method: Method<Q, A>, request: Q): Promise<A>;
}

export interface OpenStream<Q, A> {
  readonly call: ClientDuplexStream<Q, A>;
  /** It broke, or (as DEADLINE_EXCEEDED) fell silent: the next one goes elsewhere. */
  failed(failure: RpcFailure): void;
}

/**
 * Calls etcd through whichever member answers. A member that does not within a second is left, for
 * as long as it does not answer to `probe`. What is tried again must be harmless twice.
 */
export class Caller {
  readonly #deps: CallerDeps;
  readonly #rankings: Readonly<Record<Consistency, Ranking<Endpoint>>>;
  #quorumAt: number | undefined;
  #revision = 0;

  /** `endpoints`: the nearest first. */
  constructor(deps: CallerDeps) {
    this.#deps = deps;
    this.#rankings = {
      linearizable: new Ranking(deps.endpoints),
      local: new Ranking(deps.endpoints),
    };
  }

  /** When, on the monotonic clock, the newest call was sent that a majority took part in answering. */
  get quorumAt(): number | undefined {
    return this.#quorumAt;
  }

  /** The newest revision that was heard of. */
  get revision(): number {
    return this.#revision;
  }

  call<Q, A>(method: Method<Q, A>, request: Q, plan: Plan): Promise<A> {
    return this.run(plan, (attempt) => attempt.call(method, request));
  }

  /**
   * Runs `attempt` until it gives an answer, or what it throws is final, or the time is over; then
   * throws `store.unavailable`, with the last failure as its cause.
   */
  async run<R>(plan: Plan, attempt: (attempt: Attempt) => Promise<R>): Promise<R> {
    const { clock } = this.#deps.ambient;
    const startedAt = clock.monotonicMs();
    const untilMs = startedAt + (plan.withinMs ?? times[plan.consistency]);
    for (;;) {
      if (this.#deps.closing.aborted) throw storeClosed(plan.operation);
      const triedAt = clock.monotonicMs();
      const endpoint = this.#rankings[plan.consistency].best();
      const timeoutMs = Math.min(times.attempt, untilMs - triedAt);
      let failure: RpcFailure;
      try {
        return await attempt({
          call: (method, request) => this.#try(endpoint, method, request, plan, timeoutMs),
        });
      } catch (error) {
        failure = this.#judge(error, plan);
      }
      const now = clock.monotonicMs();
      if (now - triedAt < times.pause) await this.#pause();
      if (clock.monotonicMs() >= untilMs) throw unavailable(plan, failure, now - startedAt);
    }
  }

  /** Asks the members that failed whether they answer again, and, unless one just did, the best one. */
  async probe(): Promise<void> {
    const { clock } = this.#deps.ambient;
    const isIdle =
      this.#quorumAt === undefined || clock.monotonicMs() - this.#quorumAt >= times.attempt;
    const { linearizable, local } = this.#rankings;
    const asked = new Set([...linearizable.failing(), ...(isIdle ? [linearizable.best()] : [])]);
    await Promise.all([
      ...[...asked].map((endpoint) => this.#ask(endpoint, 'linearizable')),
      ...local.failing().map((endpoint) => this.#ask(endpoint, 'local')),
    ]);
  }

  /** A stream to the best member, and what to do when it falls silent or breaks. */
  async stream<Q, A>(method: Method<Q, A>): Promise<OpenStream<Q, A>> {
    const { token, closing } = this.#deps;
    const ranking = this.#rankings.linearizable;
    const endpoint = ranking.best();
    const call = endpoint.stream(method, await token.at(endpoint, times.attempt, closing));
    return {
      call,
      failed: (failure) => {
        const verdict = verdictOn(failure);
        if (verdict === 'token') token.forget();
        ranking.failed(endpoint);
        if (failure.status === status.DEADLINE_EXCEEDED) endpoint.suspect();
      },
    };
  }

  /** Revisions only rise: the newest is what others must have by now. */
  heard(answer: Partial<HeaderAnswer>): void {
    this.#revision = Math.max(this.#revision, Number(answer.header?.revision ?? 0));
  }

  async #ask(endpoint: Endpoint, consistency: Consistency): Promise<void> {
    const request = { key: Buffer.from('\0'), serializable: consistency === 'local' };
    const plan = { consistency, operation: 'ask etcd' };
    try {
      await this.#try(endpoint, methods.range, request, plan, times.attempt);
    } catch (error) {
      // The ranking knows by now; and who has no right to read there was answered all the same.
      if (!(error instanceof RpcFailure)) throw error;
    }
  }

  async #try<Q, A>(
    endpoint: Endpoint,
    method: Method<Q, A>,
    request: Q,
    plan: Plan,
    timeoutMs: number,
  ): Promise<A> {
    const { ambient, closing, token } = this.#deps;
    const ranking = this.#rankings[plan.consistency];
    const sentAt = ambient.clock.monotonicMs();
    try {
      const answer = await endpoint.call(method, request, {
        timeoutMs,
        signal: closing,
        token: await token.at(endpoint, timeoutMs, closing),
        isLocal: plan.consistency === 'local',
      });
      ranking.answered(endpoint);
      this.heard(answer as Partial<HeaderAnswer>);
      if (plan.consistency === 'linearizable' && plan.isUnconfirmed !== true)
        this.#quorumAt = Math.max(this.#quorumAt ?? -Infinity, sentAt);
      return answer;
    } catch (error) {
      if (!(error instanceof RpcFailure)) throw error;
      const verdict = verdictOn(error);
      const { address } = endpoint;
      ambient.log.debug('etcd gave no answer', {
        operation: plan.operation,
        address,
        verdict,
        error,
      });
      if (verdict === 'token') token.forget();
      if (verdict === 'elsewhere' || verdict === 'not-done') ranking.failed(endpoint);
      else ranking.answered(endpoint);
      throw error;
    }
  }

  /** What a further attempt may mend is given back; the rest is thrown. */
  #judge(error: unknown, plan: Plan): RpcFailure {
    if (!(error instanceof RpcFailure)) throw error;
    const verdict = verdictOn(error);
    if (verdict === 'elsewhere' || verdict === 'not-done') return error;
    if (verdict !== 'token') throw finalError(verdict, error, plan.operation, plan.subject);
    if (this.#deps.token.isWanted) return error;
    throw finalError('denied', error, plan.operation, plan.subject);
  }

  async #pause(): Promise<void> {
    const { ambient, closing } = this.#deps;
    try {
      await ambient.clock.sleep(times.pause, closing);
    } catch {
      throw storeClosed('call etcd');
    }
  }
}

function unavailable(plan: Plan, cause: RpcFailure, afterMs: number): FarshoreError {
  return new FarshoreError(`no answer from etcd in ${Math.round(afterMs / 1000)} s`, {
    code: 'store.unavailable',
    kind: 'transient',
    operation: plan.operation,
    subject: plan.subject,
    hint: 'a majority of the sites must run and be reached from here: farshore raft status shows which do',
    cause,
  });
}
