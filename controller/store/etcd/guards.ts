import type { Random } from '../../../kernel/random.ts';
import type { Layout } from './layout.ts';
import type { Lease } from '../store.ts';

/** Transactions of this process that may be under way at once. */
const slotsAtOnce = 32;
/** Milliseconds: far longer than the tries of one transaction, so that its guard outlives it. */
const ttlMs = 60_000;

/** The key that one transaction at a time compares and puts, and the revision of its last put. */
export interface Slot {
  readonly key: Buffer;
  /** Id of the lease that it is put under. */
  readonly lease: string;
  modRevision: number;
  /** A put may be under way of which it is not known that it did not and will not happen. */
  isOpen: boolean;
}

interface Session {
  readonly id: string;
  readonly lease: Lease;
  readonly free: Slot[];
  count: number;
}

export interface GuardsDeps {
  readonly layout: Layout;
  readonly random: Random;
  readonly lease: (ttlMs: number) => Promise<Lease>;
}

/**
 * The slots of this process: keys under a lease and an id of their own. A slot whose state is not
 * known is never used again, and when the lease has ended, neither are the others: there is a new
 * lease then, and a new id.
 */
export class Guards {
  readonly #deps: GuardsDeps;
  readonly #waiting: (() => void)[] = [];
  #session: Promise<Session> | undefined;
  #inUse = 0;

  constructor(deps: GuardsDeps) {
    this.#deps = deps;
  }

  /** Runs `use` with a slot that nobody else has; waits for one where all are in use. */
  async with<R>(use: (slot: Slot) => Promise<R>): Promise<R> {
    while (this.#inUse >= slotsAtOnce)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#inUse++;
    try {
      const session = await this.#current();
      const slot = session.free.pop() ?? this.#make(session);
      try {
        return await use(slot);
      } finally {
        if (!slot.isOpen) session.free.push(slot);
      }
    } finally {
      this.#inUse--;
      this.#waiting.shift()?.();
    }
  }

  /** The slots of that lease are gone. */
  async leave(lease: string): Promise<void> {
    const session = this.#session;
    if ((await session)?.lease.id === lease && this.#session === session) this.#session = undefined;
  }

  #make(session: Session): Slot {
    const key = this.#deps.layout.guard(session.id, session.count++);
    return { key, lease: session.lease.id, modRevision: 0, isOpen: false };
  }

  async #current(): Promise<Session> {
    const before = this.#session;
    const known = await before;
    if (known?.lease.isHeld() === true) return known;
    // Of those who find it lost at once, the first makes the new one.
    if (this.#session === before) this.#session = this.#open();
    return this.#session ?? this.#current();
  }

  async #open(): Promise<Session> {
    const { lease, random } = this.#deps;
    try {
      return { id: random.id(), lease: await lease(ttlMs), free: [], count: 0 };
    } catch (error) {
      this.#session = undefined;
      throw error;
    }
  }
}
