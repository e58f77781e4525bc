import type { Ambient } from '../../../kernel/ambient.ts';
import { FarshoreError } from '../../../kernel/errors.ts';
import { leaseLost } from '../store-errors.ts';
import type { Lease } from '../store.ts';
import { times, type Caller } from './caller.ts';
import { methods } from './methods.ts';

/** Milliseconds: how often at least it is renewed, and how long a revocation may take. */
const renewal = 1000;
const farewell = 2000;

interface LeaseDeps {
  readonly ambient: Ambient;
  readonly caller: Caller;
}

/**
 * A lease of etcd's, kept alive from here. etcd counts its time to live from when it handles a
 * renewal, here it is counted from before that was sent, less a margin: whatever is slow, stopped or
 * lost in between, this end is the first to take it for lost. `isHeld` compares clocks each time that
 * it is asked, so that a process that stood still finds out before it does anything else.
 *
 * Of a process that is killed etcd deletes the keys once the time to live has passed.
 */
export class EtcdLease implements Lease {
  readonly id: string;
  readonly #deps: LeaseDeps;
  readonly #ended = new AbortController();
  /** Milliseconds after a renewal was sent until it does not count any more. */
  readonly #heldMs: number;
  readonly #renewalMs: number;
  #renewedAt: number;

  private constructor(deps: LeaseDeps, id: string, ttlMs: number, sentAt: number) {
    this.#deps = deps;
    this.id = id;
    this.#heldMs = ttlMs - Math.max(ttlMs / 10, 500);
    this.#renewalMs = Math.min(ttlMs / 4, renewal);
    this.#renewedAt = sentAt;
  }

  static async grant(deps: LeaseDeps, ttlMs: number): Promise<EtcdLease> {
    const { caller, ambient } = deps;
    const request = { ttl: Math.ceil(ttlMs / 1000) };
    const plan = { consistency: 'linearizable', operation: 'take lease' } as const;
    // An answer that was lost leaves a lease without keys, which ends by itself.
    const { answer, sentAt } = await caller.run(plan, async (attempt) => {
      const sentAt = ambient.clock.monotonicMs();
      return { answer: await attempt.call(methods.leaseGrant, request), sentAt };
    });
    // etcd may grant more than was asked for: it never ends a lease sooner than members can elect.
    const lease = new EtcdLease(deps, answer.id, Number(answer.ttl) * 1000, sentAt);
    void lease.#renew();
    void lease.#expire();
    return lease;
  }

  get lost(): AbortSignal {
    return this.#ended.signal;
  }

  isHeld(): boolean {
    if (!this.lost.aborted && this.#leftMs() <= 0) this.end();
    return !this.lost.aborted;
  }

  /** Lets go of it here; etcd is not told. */
  end(): void {
    this.#ended.abort(leaseLost(this.id));
  }

  async revoke(): Promise<void> {
    this.end();
    const { ambient, caller } = this.#deps;
    const request = { id: this.id };
    const plan = {
      consistency: 'linearizable',
      operation: 'give up lease',
      withinMs: farewell,
    } as const;
    try {
      await caller.call(methods.leaseRevoke, request, plan);
    } catch (error) {
      if (error instanceof FarshoreError && error.code === 'store.lease-lost') return;
      ambient.log.warn('a lease was not given up and ends by itself', { lease: this.id, error });
    }
  }

  #leftMs(): number {
    return this.#renewedAt + this.#heldMs - this.#deps.ambient.clock.monotonicMs();
  }

  async #renew(): Promise<void> {
    const { clock } = this.#deps.ambient;
    const plan = {
      consistency: 'linearizable',
      operation: 'renew lease',
      isUnconfirmed: true,
    } as const;
    await this.#whileHeld(async () => {
      await clock.sleep(this.#renewalMs, this.lost);
      const sent = { at: 0 };
      const withinMs = Math.max(this.#leftMs(), times.pause);
      const answer = await this.#deps.caller.run({ ...plan, withinMs }, (attempt) => {
        sent.at = clock.monotonicMs();
        return attempt.call(methods.leaseKeepAlive, { id: this.id });
      });
      if (Number(answer.ttl) <= 0) this.end();
      // An answer that comes when it was taken for lost already revives nothing.
      else if (this.isHeld()) this.#renewedAt = sent.at;
    });
  }

  /** Tells those who hold it, who do not ask all the time. */
  async #expire(): Promise<void> {
    const { clock } = this.#deps.ambient;
    await this.#whileHeld(() => clock.sleep(Math.max(this.#leftMs(), 1), this.lost));
  }

  async #whileHeld(step: () => Promise<unknown>): Promise<void> {
    try {
      while (this.isHeld()) await step();
    } catch (error) {
      if (this.lost.aborted) return;
      // etcd's last word, or the store was closed: without renewals it would be lost soon anyway.
      this.#deps.ambient.log.info('a lease is not renewed any more', { lease: this.id, error });
      this.end();
    }
  }
}
