import { createHash, type Hash } from 'node:crypto';
import type { TargetContext } from '../mover.ts';
import { nodeHashName } from './content.ts';

/** How much of an image's data was read, from its beginning on, and the hash of that. */
export class Reading {
  readonly #algorithm: string;
  #hash: Hash;
  #bytes = 0;

  /** The algorithm by Glance's name. */
  constructor(hashAlgo: string) {
    this.#algorithm = nodeHashName(hashAlgo) ?? hashAlgo;
    this.#hash = createHash(this.#algorithm);
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
 * Of each group and region the image that a scrub was reading when it was broken off: large ones take
 * longer than the pause between two sessions. Lost with the process, which costs one image's reading.
 */
export class Readings {
  readonly #kept = new Map<string, { readonly image: string; readonly reading: Reading }>();

  /** As far as it came before, or a new one. */
  of(at: Place, image: string, hashAlgo: string): Reading {
    const kept = this.#kept.get(placeOf(at));
    if (kept?.image === image) return kept.reading;
    const reading = new Reading(hashAlgo);
    this.#kept.set(placeOf(at), { image, reading });
    return reading;
  }

  end(at: Place): void {
    this.#kept.delete(placeOf(at));
  }
}

function placeOf({ group, target }: Place): string {
  return `${target.region} ${group}`;
}
