import { FarshoreError } from '../../../kernel/errors.ts';
import { checkTransaction } from '../../../controller/store/check-transaction.ts';
import { compacted, storeClosed } from '../../../controller/store/store-errors.ts';
import type {
  Compare,
  Entry,
  Key,
  Lease,
  Operation,
  Outcome,
  Page,
  PageOptions,
  ReadOptions,
  Store,
  StoreHealth,
  Transaction,
} from '../../../controller/store/store.ts';
import type { SimProcess } from '../engine/process.ts';
import type { Scheduler } from '../engine/scheduler.ts';
import type { Cluster, Member } from './cluster.ts';
import { SimLease } from './sim-lease.ts';
import { WatchLink } from './watch-link.ts';

const attemptMs = 1_000;
const deadlineMs = 10_000;
/** Without an answer of a majority for so long, none is expected. */
const quorumMs = 3_000;

type Answer<T> = { readonly value: T } | { readonly error: unknown };

/**
 * One process's connection to the cluster. A request is tried on one member after another until it
 * is answered or its time is over; the copies of one transaction happen at most once between them.
 */
export class SimStore implements Store {
  readonly leases: SimLease[] = [];
  readonly #cluster: Cluster;
  readonly #process: SimProcess;
  readonly #scheduler: Scheduler;
  readonly #watches = new Set<WatchLink>();
  #members: readonly Member[];
  #quorumAtMs: number;
  #leaseCount = 0;
  #isClosed = false;

  constructor(
    cluster: Cluster,
    site: string,
    deps: { readonly process: SimProcess; readonly scheduler: Scheduler },
  ) {
    this.#cluster = cluster;
    this.#process = deps.process;
    this.#scheduler = deps.scheduler;
    const own = cluster.member(site);
    this.#members = [own, ...cluster.members.filter((each) => each !== own)];
    this.#quorumAtMs = deps.process.clock.monotonicMs();
  }

  get<T>({ path }: Key<T>, options?: ReadOptions): Promise<Entry<T> | null> {
    return this.#read(options, (at) => this.#cluster.state.get(path, at) as Entry<T> | null);
  }

  range<T>({ path }: Key<T>, options?: ReadOptions): Promise<readonly Entry<T>[]> {
    return this.#read(options, (at) => this.#cluster.state.range(path, at) as readonly Entry<T>[]);
  }

  page<T>(prefix: Key<T>, options: PageOptions): Promise<Page<T>> {
    const { state } = this.#cluster;
    return this.#read(options, (at) => {
      const revision = options.revision ?? at;
      if (revision > at || revision < state.compactedRevision)
        throw compacted('read state', prefix.path, revision);
      const left = state
        .range(prefix.path, revision)
        .filter(({ path }) => path > (options.after ?? ''));
      const entries = left.slice(0, options.limit) as readonly Entry<T>[];
      return { entries, revision, hasMore: left.length > options.limit };
    });
  }

  async transact(compares: readonly Compare[], operations: readonly Operation[]): Promise<Outcome> {
    checkTransaction(operations);
    const once = this.#once(() =>
      this.#cluster.state.transact(this.#process.name, compares, operations),
    );
    return this.#ask(once, true);
  }

  watch<T>(
    prefix: Key<T>,
    fromRevision: number,
    signal: AbortSignal,
  ): AsyncIterable<Transaction<T>> {
    return this.#watch(prefix.path, fromRevision, signal) as AsyncIterable<Transaction<T>>;
  }

  async lease(ttlMs: number): Promise<Lease> {
    this.#leaseCount += 1;
    const id = `${this.#process.name}/${this.#leaseCount}`;
    const sentMs = this.#process.clock.monotonicMs();
    await this.#ask(
      this.#once(() => this.#cluster.grant(id, ttlMs)),
      true,
    );
    const lease = new SimLease(id, {
      process: this.#process,
      ttlMs,
      sentMs,
      renew: (heard) => this.#renew(id, heard),
      revoke: () => this.#revoke(id),
    });
    this.leases.push(lease);
    return lease;
  }

  health(): StoreHealth {
    const quorumAgeMs = this.#process.clock.monotonicMs() - this.#quorumAtMs;
    return { quorumAgeMs, hasQuorum: quorumAgeMs <= quorumMs };
  }

  async close(): Promise<void> {
    const alive = this.leases.filter(({ lost }) => !lost.aborted);
    await Promise.all(alive.map((lease) => lease.revoke()));
    this.#isClosed = true;
    for (const watch of this.#watches) watch.close();
  }

  /** Called by the simulation when a member heard of something new, or links changed. */
  pokeWatches(): void {
    for (const watch of this.#watches) watch.poke();
  }

  async *#watch(
    prefix: string,
    next: number,
    signal: AbortSignal,
  ): AsyncGenerator<Transaction<unknown>, void, undefined> {
    if (signal.aborted) return;
    const link = new WatchLink({
      cluster: this.#cluster,
      scheduler: this.#scheduler,
      process: this.#process,
      prefix,
      next,
      nearest: this.#members[0] as Member,
      reconnectMs: () => this.#process.random.between(1_000, 5_000),
    });
    const close = (): void => link.close();
    signal.addEventListener('abort', close, { once: true });
    this.#watches.add(link);
    link.poke();
    try {
      yield* link.follow();
    } finally {
      link.close();
      this.#watches.delete(link);
      signal.removeEventListener('abort', close);
    }
  }

  #read<T>(options: ReadOptions | undefined, at: (revision: number) => T): Promise<T> {
    if (options?.consistency === 'local') return this.#askNearest(at);
    return this.#ask(() => at(this.#cluster.state.revision), false);
  }

  /** The copies of one request: the first that happens says what came of it, whoever asks again. */
  #once<T>(act: () => T): () => T {
    let result: { readonly value: T } | undefined;
    return () => {
      const value = result === undefined ? act() : result.value;
      if (!isRefusal(value)) result = { value };
      return value;
    };
  }

  async #ask<T>(act: () => T, isWrite: boolean): Promise<T> {
    const { clock } = this.#process;
    const untilMs = clock.monotonicMs() + deadlineMs;
    const request = { isAnswered: false, isSent: false };
    for (const turn of turns(this.#members.length)) {
      this.#refuseClosed();
      const member = this.#members[turn] as Member;
      const answer = await this.#attempt(member, act, request, isWrite);
      if (answer !== null) {
        request.isAnswered = true;
        this.#prefer(member);
        this.#quorumAtMs = clock.monotonicMs();
        if ('error' in answer) throw answer.error;
        return answer.value;
      }
      if (clock.monotonicMs() >= untilMs) break;
    }
    throw isWrite && request.isSent ? unknownOutcome() : unavailable();
  }

  /** Null: no answer within the attempt's time. */
  #attempt<T>(
    member: Member,
    act: () => T,
    request: { isAnswered: boolean; isSent: boolean },
    isWrite: boolean,
  ): Promise<Answer<T> | null> {
    return new Promise((resolve) => {
      const timer = this.#process.after(attemptMs, () => resolve(null));
      this.#cluster.network.request(this.#process, member.host, (call) => {
        if (!member.isUp) {
          call.answer(() => {
            timer.cancel();
            // Refused at once; asked again a little later.
            this.#process.after(50, () => resolve(null));
          });
          return;
        }
        request.isSent = true;
        let answer: Answer<T> | null = null;
        this.#cluster.decide(
          member,
          () => {
            // A copy that is still on its way when its sender has its answer finds the guard changed.
            if (!request.isAnswered) answer = outcomeOf(act);
          },
          () =>
            call.answer(() => {
              timer.cancel();
              resolve(answer);
            }),
          isWrite,
        );
      });
    });
  }

  async #askNearest<T>(at: (revision: number) => T): Promise<T> {
    for (const member of [...this.#members, ...this.#members]) {
      this.#refuseClosed();
      const answer = await new Promise<Answer<T> | null>((resolve) => {
        const timer = this.#process.after(attemptMs, () => resolve(null));
        this.#cluster.network.request(this.#process, member.host, (call) => {
          if (!member.isUp) return;
          const found = outcomeOf(() => at(member.applied));
          call.answer(() => {
            timer.cancel();
            resolve(found);
          });
        });
      });
      if (answer === null) continue;
      if ('error' in answer) throw answer.error;
      return answer.value;
    }
    throw unavailable();
  }

  /** One message to the leader's side; the next renewal is the retry. */
  #renew(id: string, heard: (isAlive: boolean) => void): void {
    const [first] = this.#members;
    const member = first as Member;
    let isAnswered = false;
    this.#process.after(attemptMs / 2, () => {
      if (!isAnswered) this.#prefer(this.#members[1]);
    });
    this.#cluster.network.request(this.#process, member.host, (call) => {
      let isAlive = false;
      this.#cluster.decide(
        member,
        () => (isAlive = this.#cluster.renew(id)),
        () =>
          call.answer(() => {
            isAnswered = true;
            this.#quorumAtMs = this.#process.clock.monotonicMs();
            heard(isAlive);
          }),
        false,
      );
    });
  }

  async #revoke(id: string): Promise<void> {
    try {
      await this.#ask(
        this.#once(() => this.#cluster.revoke(id)),
        true,
      );
    } catch (error) {
      // Out of reach: its keys go when its time is over.
      if (!(error instanceof FarshoreError)) throw error;
    }
  }

  #prefer(member: Member | undefined): void {
    if (member === undefined || this.#members[0] === member) return;
    this.#members = [member, ...this.#members.filter((each) => each !== member)];
  }

  #refuseClosed(): void {
    if (this.#isClosed) throw storeClosed('use state');
  }
}

/** A compare that did not hold may hold for the next copy; only what was written is final. */
function isRefusal(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !(value as Outcome).committed;
}

function outcomeOf<T>(act: () => T): Answer<T> {
  try {
    return { value: act() };
  } catch (error) {
    return { error };
  }
}

function* turns(count: number): Generator<number> {
  for (let turn = 0; ; turn += 1) yield turn % count;
}

function unavailable(): FarshoreError {
  return new FarshoreError('no majority of the store answers', {
    code: 'store.unavailable',
    kind: 'transient',
    operation: 'use state',
  });
}

function unknownOutcome(): FarshoreError {
  return new FarshoreError('no majority of the store answered in time', {
    code: 'store.outcome-unknown',
    kind: 'transient',
    operation: 'write state',
  });
}
