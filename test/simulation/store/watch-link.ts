import type { FarshoreError } from '../../../kernel/errors.ts';
import { compacted } from '../../../controller/store/store-errors.ts';
import type { Transaction } from '../../../controller/store/store.ts';
import type { SimProcess } from '../engine/process.ts';
import type { Scheduler } from '../engine/scheduler.ts';
import type { Cluster, Member } from './cluster.ts';

export interface WatchDeps {
  readonly cluster: Cluster;
  readonly scheduler: Scheduler;
  readonly process: SimProcess;
  readonly prefix: string;
  /** The next revision that is still to be told. */
  readonly next: number;
  readonly nearest: Member;
  /** An interrupted stream is noticed and made anew after so long. */
  readonly reconnectMs: () => number;
}

/**
 * One watch: a stream from a member to a process, in order, with the network's delays. What the
 * member has not heard of yet waits; a stream that is cut or stale is made anew on another member.
 */
export class WatchLink {
  readonly #deps: WatchDeps;
  readonly #waiting: Transaction<unknown>[] = [];
  #member: Member;
  #next: number;
  #isBusy = false;
  #isRepairing = false;
  #isClosed = false;
  #failure: FarshoreError | null = null;
  #wake: () => void = () => undefined;

  constructor(deps: WatchDeps) {
    this.#deps = deps;
    this.#next = deps.next;
    this.#member = deps.nearest;
  }

  get isClosed(): boolean {
    return this.#isClosed || this.#deps.process.isDead;
  }

  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  /** Something may be new, or reachable again. */
  poke(): void {
    const { cluster, process } = this.#deps;
    if (this.#isBusy || this.isClosed || this.#failure !== null) return;
    if (this.#next > cluster.state.revision) return;
    const member = this.#member;
    const isReached = member.isUp && cluster.network.isConnected(member.host, process.host);
    if (!isReached || member.applied < this.#next) this.#repair();
    if (isReached && member.applied >= this.#next) this.#send(member);
  }

  async *follow(): AsyncGenerator<Transaction<unknown>, void, undefined> {
    for (;;) {
      if (this.#isClosed) return;
      const next = this.#waiting.shift();
      if (next !== undefined) yield next;
      else if (this.#failure !== null) throw this.#failure;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #send(member: Member): void {
    const { cluster, process, prefix } = this.#deps;
    const { state, network } = cluster;
    const isForgotten = this.#next <= state.compactedRevision;
    const upTo = member.applied;
    const news = isForgotten ? [] : this.#below(upTo);
    if (news.length === 0 && !isForgotten) {
      this.#next = upTo + 1;
      return;
    }
    this.#isBusy = true;
    network.send(
      member.host,
      process.host,
      () =>
        process.deliver(() => {
          this.#isBusy = false;
          if (isForgotten) this.#failure = compacted('watch state', prefix, this.#next);
          else this.#next = upTo + 1;
          this.#waiting.push(...news);
          this.#wake();
          this.poke();
        }),
      () => {
        this.#isBusy = false;
        this.#repair();
      },
    );
  }

  #below(upTo: number): readonly Transaction<unknown>[] {
    const { cluster, prefix } = this.#deps;
    return cluster.state.since(this.#next - 1, upTo).flatMap(({ revision, changes }) => {
      const below = changes.filter((change) =>
        (change.type === 'put' ? change.entry.path : change.path).startsWith(prefix),
      );
      return below.length === 0 ? [] : [{ revision, changes: below }];
    });
  }

  #repair(): void {
    if (this.#isRepairing) return;
    this.#isRepairing = true;
    this.#deps.scheduler.after(this.#deps.reconnectMs(), () => {
      this.#isRepairing = false;
      const { cluster, process } = this.#deps;
      if (this.isClosed || this.#isBusy) return;
      const reached = cluster.members
        .filter((each) => each.isUp && cluster.network.isConnected(each.host, process.host))
        .sort((a, b) => b.applied - a.applied);
      if (this.#member.applied < this.#next || !reached.includes(this.#member))
        this.#member = reached[0] ?? this.#member;
      this.poke();
    });
  }
}
