import type { Ambient } from '../../../kernel/ambient.ts';
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
} from '../store.ts';
import { Caller } from './caller.ts';
import { Endpoint, type TlsOptions } from './endpoint.ts';
import { Guards } from './guards.ts';
import { Layout } from './layout.ts';
import { EtcdLease } from './lease.ts';
import { Reads } from './reads.ts';
import { Token, type EtcdUser } from './token.ts';
import { Transactions } from './transact.ts';
import { watchEntries } from './watch.ts';

export interface EtcdOptions {
  /** `host:port` of each member that can be reached from here. */
  readonly endpoints: readonly string[];
  /** The one of them that is asked first: the member of this site. */
  readonly nearest?: string;
  /** Absent: without TLS. */
  readonly tls?: TlsOptions;
  readonly user?: EtcdUser;
  /** All keys begin with it. */
  readonly prefix: string;
  readonly ambient: Ambient;
}

/** Milliseconds. */
const probing = 1000;
const quorumLost = 3000;

/**
 * The store of several controllers, on etcd 3.4 or later. Opening it waits for nothing: what needs a
 * majority fails with `store.unavailable` until there is one, local reads do with one member.
 */
export class EtcdStore implements Store {
  readonly #ambient: Ambient;
  readonly #endpoints: readonly Endpoint[];
  readonly #closing = new AbortController();
  readonly #layout: Layout;
  readonly #caller: Caller;
  readonly #reads: Reads;
  readonly #transactions: Transactions;
  readonly #leases = new Map<string, EtcdLease>();
  readonly #probing: Promise<void>;
  readonly #openedAt: number;

  private constructor(options: EtcdOptions) {
    const { ambient, prefix, tls, nearest } = options;
    this.#ambient = ambient;
    this.#openedAt = ambient.clock.monotonicMs();
    const addresses = [...options.endpoints].sort(
      (a, b) => Number(b === nearest) - Number(a === nearest),
    );
    this.#endpoints = addresses.map((address) => new Endpoint(address, tls, ambient.clock));
    this.#caller = new Caller({
      ambient,
      token: new Token(options.user),
      endpoints: this.#endpoints,
      closing: this.#closing.signal,
    });
    this.#layout = new Layout(prefix);
    this.#reads = new Reads(this.#caller, this.#layout);
    const { random } = ambient;
    this.#transactions = new Transactions({
      caller: this.#caller,
      layout: this.#layout,
      random,
      guards: new Guards({ layout: this.#layout, random, lease: (ttlMs) => this.lease(ttlMs) }),
      hasQuorum: () => this.health().hasQuorum,
      isLost: (lease) => this.#leases.get(lease)?.isHeld() === false,
    });
    this.#probing = this.#probe();
  }

  static open(options: EtcdOptions): EtcdStore {
    return new EtcdStore(options);
  }

  get<T>(key: Key<T>, options: ReadOptions = {}): Promise<Entry<T> | null> {
    return this.#reads.get<T>(key.path, options);
  }

  range<T>(prefix: Key<T>, options: ReadOptions = {}): Promise<readonly Entry<T>[]> {
    return this.#reads.range<T>(prefix.path, options);
  }

  page<T>(prefix: Key<T>, options: PageOptions): Promise<Page<T>> {
    return this.#reads.page<T>(prefix.path, options);
  }

  transact(compares: readonly Compare[], operations: readonly Operation[]): Promise<Outcome> {
    return this.#transactions.transact(compares, operations);
  }

  watch<T>(
    prefix: Key<T>,
    fromRevision: number,
    signal: AbortSignal,
  ): AsyncIterable<Transaction<T>> {
    const closing = this.#closing.signal;
    const deps = { ambient: this.#ambient, caller: this.#caller, layout: this.#layout, closing };
    return watchEntries<T>(deps, prefix.path, fromRevision, signal);
  }

  async lease(ttlMs: number): Promise<Lease> {
    const deps = { ambient: this.#ambient, caller: this.#caller };
    const lease = await EtcdLease.grant(deps, ttlMs);
    for (const [id, before] of this.#leases) if (!before.isHeld()) this.#leases.delete(id);
    this.#leases.set(lease.id, lease);
    return lease;
  }

  health(): StoreHealth {
    const { quorumAt } = this.#caller;
    const quorumAgeMs = this.#ambient.clock.monotonicMs() - (quorumAt ?? this.#openedAt);
    return { quorumAgeMs, hasQuorum: quorumAt !== undefined && quorumAgeMs <= quorumLost };
  }

  /** Gives up its leases, as far as etcd can be reached; writes under way end unknown. */
  async close(): Promise<void> {
    const held = [...this.#leases.values()].filter((lease) => lease.isHeld());
    await Promise.all(held.map((lease) => lease.revoke()));
    this.#closing.abort();
    await this.#probing;
    for (const endpoint of this.#endpoints) endpoint.close();
  }

  /** So that the age of the quorum is known, and members that answer again are used again. */
  async #probe(): Promise<void> {
    const { clock } = this.#ambient;
    const signal = this.#closing.signal;
    while (!signal.aborted) {
      await this.#caller.probe();
      // Aborted: the store was closed, which ends the loop.
      await clock.sleep(probing, signal).catch(() => undefined);
    }
  }
}
