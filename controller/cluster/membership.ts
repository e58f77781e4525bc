import type { Ambient } from '../../kernel/ambient.ts';
import { isoTime } from '../../kernel/clock.ts';
import { FarshoreError } from '../../kernel/errors.ts';
import { keys } from '../state/keys.ts';
import { importMark, incomplete } from '../store/snapshot.ts';
import { type Lease, put, type Store, unchanged } from '../store/store.ts';
import type { ControllerInfo } from './types.ts';

/** Where this process runs, as configured. */
export type Place = Pick<ControllerInfo, 'site' | 'region' | 'version'>;

export interface MembershipDeps {
  readonly store: Store;
  readonly ambient: Ambient;
  readonly place: Place;
  readonly leaseTtlMs: number;
}

/** One life of this controller among the others, from its lease to the loss of it. */
export interface Life {
  readonly info: ControllerInfo;
  readonly lease: Lease;
}

const pauseMs = 1_000;

/**
 * Keeps this controller among the others: a lease, and under it its presence. When the lease is lost
 * all that was held under it is another's to take, so a new life begins with a new lease and a new
 * id: nothing of the old one is ever revived. Killed anywhere: the lease runs out and its keys go.
 */
export class Membership {
  readonly #deps: MembershipDeps;
  readonly #stopping = new AbortController();
  readonly #onLife: (life: Life | null) => void;
  #life: Life | null = null;
  #loop: Promise<void> = Promise.resolve();

  /** `onLife` hears of each beginning, and with null of each end, at once. */
  constructor(deps: MembershipDeps, onLife: (life: Life | null) => void) {
    this.#deps = deps;
    this.#onLife = onLife;
  }

  /** Null also while the lease is over and this process has not been woken to hear of it. */
  get life(): Life | null {
    return this.#life?.lease.isHeld() === true ? this.#life : null;
  }

  start(): void {
    this.#loop = this.#go();
  }

  /** Gives the lease back, so that others go on at once. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  /** Never rejects: without the store there is no life, until it answers again. */
  async #go(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#live(await this.#join());
      } catch (error) {
        if (!(error instanceof FarshoreError)) throw error;
        this.#deps.ambient.log.warn('controller has no lease', { error });
      }
      await this.#deps.ambient.clock.sleep(pauseMs, signal).catch(() => undefined);
    }
  }

  async #join(): Promise<Life> {
    const { store, ambient, place, leaseTtlMs } = this.#deps;
    const lease = await store.lease(leaseTtlMs);
    const info: ControllerInfo = Object.freeze({
      ...place,
      id: `${place.site}-${ambient.random.id()}`,
      startedAt: isoTime(ambient.clock.now()),
    });
    try {
      // Also where the mark was put after this process looked for it, or its member has not got it yet.
      const compares = [unchanged(importMark, null)];
      const presence = put(keys.controller(info.id), info, lease);
      const { committed } = await store.transact(compares, [presence]);
      if (!committed) throw incomplete();
    } catch (error) {
      await lease.revoke();
      throw error;
    }
    return { info, lease };
  }

  async #live(life: Life): Promise<void> {
    const { log } = this.#deps.ambient;
    const { lease, info } = life;
    const signal = AbortSignal.any([lease.lost, this.#stopping.signal]);
    this.#life = life;
    log.info('controller has a lease', { controller: info.id });
    this.#onLife(life);
    await aborted(signal);
    this.#life = null;
    if (!this.#stopping.signal.aborted)
      log.warn('controller lost its lease', { controller: info.id });
    this.#onLife(null);
    await lease.revoke();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener('abort', () => resolve(), { once: true }),
  );
}
