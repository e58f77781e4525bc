import { createHash, type Hash } from 'node:crypto';
import type { TargetContext } from '../mover.ts';

/** How much of something was read, from its beginning on, and the hash of that. */
export class Reading {
  readonly #algorithm: string;
  #hash: Hash;
  #bytes = 0;

  /** The algorithm by OpenSSL's name. */
  constructor(algorithm: string) {
    this.#algorithm = algorithm;
    this.#hash = createHash(algorithm);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** In hex, of all that was taken so far. */
  get hashValue(): string {
    return this.#hash.copy().digest('hex');
  }

  take(chunk: Buffer): void {
    this.#hash.update(chunk);
    this.#bytes += chunk.length;
  }

  restart(): void {
    this.#hash = createHash(this.#algorithm);
    this.#bytes = 0;
  }
}

type Place = Pick<TargetContext, 'group' | 'target'>;

/**
 * What a scrub was reading when it was broken off. Something large can take longer than the pause between
 * two sessions: begun anew after each it would never be read, nor anything behind it. Lost with the
 * process, which costs one such reading.
 */
export class Readings {
  readonly #kept = new Map<string, Reading>();

  /**
   * `work` with the reading of this thing, as far as it came before. It is kept only when the work is broken
   * off by the signal.
   */
  async with<T>(
    at: Place,
    thing: { readonly name: string; readonly algorithm: string },
    signal: AbortSignal,
    work: (reading: Reading) => Promise<T>,
  ): Promise<T> {
    const key = JSON.stringify([at.target.region, at.group, thing.name]);
    const reading = this.#kept.get(key) ?? new Reading(thing.algorithm);
    this.#kept.delete(key);
    try {
      return await work(reading);
    } catch (error) {
      if (signal.aborted) this.#kept.set(key, reading);
      throw error;
    }
  }
}
