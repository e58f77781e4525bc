import { leaseLost } from '../../../controller/store/store-errors.ts';
import type { Lease } from '../../../controller/store/store.ts';
import type { SimProcess } from '../engine/process.ts';
import type { Planned } from '../engine/scheduler.ts';

export interface LeaseDeps {
  readonly process: SimProcess;
  readonly ttlMs: number;
  /** On the process's monotonic clock, before the request that made it was sent. */
  readonly sentMs: number;
  /** Sends one renewal; `heard` is told what the store said, if anything. */
  readonly renew: (heard: (isAlive: boolean) => void) => void;
  /** Never rejects. */
  readonly revoke: () => Promise<void>;
}

/** A lease as its holder knows it: by its own monotonic clock, with a margin. */
export class SimLease implements Lease {
  readonly id: string;
  readonly #deps: LeaseDeps;
  readonly #lost = new AbortController();
  readonly #marginMs: number;
  #heldUntilMs: number;
  #renewal: Planned;
  #expiry: Planned;

  constructor(id: string, deps: LeaseDeps) {
    this.id = id;
    this.#deps = deps;
    this.#marginMs = Math.max(deps.ttlMs / 10, 500);
    this.#heldUntilMs = deps.sentMs + deps.ttlMs - this.#marginMs;
    this.#renewal = this.#renewLater();
    this.#expiry = this.#expireLater();
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  isHeld(): boolean {
    return !this.#lost.signal.aborted && this.#deps.process.clock.monotonicMs() < this.#heldUntilMs;
  }

  async revoke(): Promise<void> {
    this.lose();
    await this.#deps.revoke();
  }

  lose(): void {
    this.#renewal.cancel();
    this.#expiry.cancel();
    this.#lost.abort(leaseLost(this.id));
  }

  #renewLater(): Planned {
    const { process, ttlMs } = this.#deps;
    return process.after(ttlMs / 4, () => {
      if (!this.isHeld()) return;
      const sentMs = process.clock.monotonicMs();
      this.#deps.renew((isAlive) => {
        if (!isAlive) this.lose();
        // An answer that comes too late revives nothing.
        else if (this.isHeld())
          this.#heldUntilMs = Math.max(this.#heldUntilMs, sentMs + ttlMs - this.#marginMs);
      });
      this.#renewal = this.#renewLater();
    });
  }

  #expireLater(): Planned {
    const { process } = this.#deps;
    return process.after(this.#heldUntilMs - process.clock.monotonicMs() + 0.001, () => {
      if (this.#lost.signal.aborted) return;
      if (this.isHeld()) this.#expiry = this.#expireLater();
      else this.lose();
    });
  }
}
