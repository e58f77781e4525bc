import { status } from '@grpc/grpc-js';
import type { Ambient } from '../../../kernel/ambient.ts';
import { compacted, storeClosed } from '../store-errors.ts';
import type { Change, Transaction } from '../store.ts';
import { times, type Caller, type OpenStream } from './caller.ts';
import { finalError, RpcFailure, verdictOn } from './failures.ts';
import type { Layout } from './layout.ts';
import type { WatchAnswer, WatchEvent, WatchRequest } from './messages.ts';
import { methods } from './methods.ts';

/** Milliseconds without a word after which the member is asked for one, and then left. */
const quietMs = 1000;
const silentMs = 3000;
/** Milliseconds that a member may lag behind what others answered before it is left. */
const behindMs = 5000;

export interface WatchDeps {
  readonly ambient: Ambient;
  readonly caller: Caller;
  readonly layout: Layout;
  readonly closing: AbortSignal;
}

/**
 * Follows the entries below a prefix from a revision on, over one member after another: each new
 * stream begins at the revision after the last that was told whole. Nothing is read ahead of who
 * iterates but what gRPC's flow control lets through; etcd keeps the rest, until it forgets it.
 */
export async function* watchEntries<T>(
  deps: WatchDeps,
  prefix: string,
  fromRevision: number,
  signal: AbortSignal,
): AsyncGenerator<Transaction<T>, void> {
  let revision = Math.max(1, fromRevision);
  let denials = 0;
  while (!signal.aborted) {
    if (deps.closing.aborted) throw storeClosed('watch state');
    let stream: Answers | undefined;
    try {
      stream = await Answers.open(deps, prefix, revision, signal);
      const gathering = new Gathering<T>(deps.layout);
      for (let answer; (answer = await stream.next()) !== undefined;) {
        denials = 0;
        if (isForgotten(answer)) throw compacted('watch state', prefix, revision);
        for (const transaction of gathering.add(answer)) {
          yield transaction;
          revision = transaction.revision + 1;
        }
      }
    } catch (error) {
      if (!(error instanceof RpcFailure)) throw error;
      denials += verdictOn(error) === 'token' ? 1 : 0;
      judge(error, denials > 1, prefix);
      deps.ambient.log.debug('a watch goes on elsewhere', { prefix, error });
      await pause(deps, signal);
    } finally {
      stream?.close();
    }
  }
}

/** The changes of one revision may come in several answers; they are told together. */
class Gathering<T> {
  readonly #layout: Layout;
  #revision = 0;
  #changes: Change<T>[] = [];

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  /** What is known to be whole. */
  *add({ events, fragment }: WatchAnswer): Generator<Transaction<T>> {
    for (const event of events) {
      const revision = Number(event.kv.modRevision);
      if (revision !== this.#revision) yield* this.#flush();
      this.#revision = revision;
      this.#changes.push(this.#change(event));
    }
    if (!fragment) yield* this.#flush();
  }

  *#flush(): Generator<Transaction<T>> {
    const changes = this.#changes;
    this.#changes = [];
    if (changes.length > 0) yield { revision: this.#revision, changes };
  }

  #change({ type, kv }: WatchEvent): Change<T> {
    if (type === 'DELETE') return { type: 'delete', path: this.#layout.path(kv.key) };
    return { type: 'put', entry: this.#layout.entry<T>(kv) };
  }
}

/** What one member says to a watch, one answer after the other. */
class Answers {
  readonly #deps: WatchDeps;
  readonly #open: OpenStream<WatchRequest, WatchAnswer>;
  readonly #answers: AsyncIterator<WatchAnswer>;
  readonly #signal: AbortSignal;
  readonly #lag: Lag;
  #next: Promise<IteratorResult<WatchAnswer>> | undefined;

  private constructor(
    deps: WatchDeps,
    open: OpenStream<WatchRequest, WatchAnswer>,
    signal: AbortSignal,
  ) {
    this.#deps = deps;
    this.#open = open;
    this.#signal = AbortSignal.any([signal, deps.closing]);
    // Whoever reads the answers hears of it; nobody does once it was closed.
    open.call.on('error', () => undefined);
    this.#answers = open.call[Symbol.asyncIterator]() as AsyncIterator<WatchAnswer>;
    this.#lag = new Lag(deps);
  }

  static async open(
    deps: WatchDeps,
    prefix: string,
    startRevision: number,
    signal: AbortSignal,
  ): Promise<Answers> {
    const open = await deps.caller.stream(methods.watch);
    const answers = new Answers(deps, open, signal);
    open.call.write({ create: { ...deps.layout.range(prefix), startRevision, fragment: true } });
    return answers;
  }

  /** Undefined once the signal aborts. Throws RpcFailure when another member must be asked. */
  async next(): Promise<WatchAnswer | undefined> {
    try {
      const answer = await this.#within();
      if (answer === undefined) return undefined;
      if (answer.canceled && !isForgotten(answer)) throw cancellation(answer.cancelReason);
      // Events that were waiting to be read may be old; what was just asked for is not.
      if (answer.events.length === 0) this.#lag.check(answer);
      return answer;
    } catch (error) {
      if (this.#signal.aborted) return undefined;
      const failure = RpcFailure.of(error, true);
      this.#open.failed(failure);
      throw failure;
    }
  }

  close(): void {
    this.#open.call.cancel();
    // What the stream ends with now is this cancellation.
    this.#next?.catch(() => undefined);
  }

  /** While nobody waits for the next answer, nobody minds whether the member is silent. */
  async #within(): Promise<WatchAnswer | undefined> {
    for (let quiet = 0; quiet < silentMs; quiet += quietMs) {
      if (quiet > 0) this.#open.call.write({ progress: {} });
      this.#next ??= this.#answers.next();
      const next = await this.#orQuiet(this.#next);
      if (this.#signal.aborted) return undefined;
      if (next === undefined) continue;
      this.#next = undefined;
      if (next.done === true) throw new RpcFailure(status.UNAVAILABLE, 'the watch ended', true);
      return next.value;
    }
    throw new RpcFailure(status.DEADLINE_EXCEEDED, `silent for ${silentMs} ms`, true);
  }

  async #orQuiet<R>(work: Promise<R>): Promise<R | undefined> {
    const done = new AbortController();
    const signal = AbortSignal.any([done.signal, this.#signal]);
    const quiet = this.#deps.ambient.clock.sleep(quietMs, signal).then(
      () => undefined,
      () => undefined,
    );
    try {
      return await Promise.race([work, quiet]);
    } finally {
      done.abort();
    }
  }
}

/** A member that is cut off from the others answers, but hears of nothing new. */
class Lag {
  readonly #deps: WatchDeps;
  #since: { readonly revision: number; readonly atMs: number } | undefined;

  constructor(deps: WatchDeps) {
    this.#deps = deps;
  }

  check(answer: WatchAnswer): void {
    const { ambient, caller } = this.#deps;
    const revision = Number(answer.header?.revision ?? 0);
    const nowMs = ambient.clock.monotonicMs();
    if (this.#since !== undefined && revision >= this.#since.revision) this.#since = undefined;
    if (this.#since === undefined && revision < caller.revision)
      this.#since = { revision: caller.revision, atMs: nowMs };
    if (this.#since !== undefined && nowMs - this.#since.atMs > behindMs)
      throw new RpcFailure(status.UNAVAILABLE, `behind for ${behindMs} ms`, true);
  }
}

function isForgotten(answer: WatchAnswer): boolean {
  return answer.canceled && Number(answer.compactRevision) > 0;
}

/** A watch that etcd will not begin or go on with; of one that is denied, its token may be forgotten. */
function cancellation(reason: string): RpcFailure {
  const failure = RpcFailure.ofReason(reason);
  return verdictOn(failure) === 'denied'
    ? new RpcFailure(status.UNAUTHENTICATED, failure.message, true)
    : failure;
}

/** Throws unless another member, or a new token, may do better. */
function judge(failure: RpcFailure, isDenied: boolean, prefix: string): void {
  const verdict = verdictOn(failure);
  if (verdict === 'elsewhere' || verdict === 'not-done') return;
  if (verdict === 'token' && !isDenied) return;
  throw finalError(verdict === 'token' ? 'denied' : verdict, failure, 'watch state', prefix);
}

async function pause(deps: WatchDeps, signal: AbortSignal): Promise<void> {
  const either = AbortSignal.any([signal, deps.closing]);
  // Aborted: the loop looks at both signals before anything else.
  await deps.ambient.clock.sleep(times.pause, either).catch(() => undefined);
}
