import { createHash } from 'node:crypto';

/** A thing in the bank, as a catalog or a listing tells of it. */
export interface Stored {
  /** The key. */
  readonly name: string;
  readonly bytes: number;
  /** Lower-case hexadecimal. */
  readonly md5: string;
}

const firstSlots = 1024;
const words = 4;
const free = 0;
const held = 1;
const seen = 2;

/**
 * What should lie in the bank, and what of it was seen there. A thing is held as 128 bits of its key, length
 * and MD5 (17 bytes, and as many free ones at the least): two of a billion things are taken for one by chance
 * once in 10^20 times.
 */
export class StoredSet {
  #slots = firstSlots;
  #prints = new Uint32Array(firstSlots * words);
  #states = new Uint8Array(firstSlots);
  readonly #print = new Uint32Array(words);
  #size = 0;
  #unseen = 0;

  get size(): number {
    return this.#size;
  }

  /** So many that were added were not seen. */
  get unseen(): number {
    return this.#unseen;
  }

  add(thing: Stored): void {
    this.#take(thing);
    const slot = this.#find();
    if (this.#states[slot] !== free) return;
    this.#prints.set(this.#print, slot * words);
    this.#states[slot] = held;
    this.#size += 1;
    this.#unseen += 1;
    if (this.#size * 2 > this.#slots) this.#grow();
  }

  /** Of what was never added nothing is kept. */
  see(thing: Stored): void {
    this.#take(thing);
    const slot = this.#find();
    if (this.#states[slot] !== held) return;
    this.#states[slot] = seen;
    this.#unseen -= 1;
  }

  hasSeen(thing: Stored): boolean {
    this.#take(thing);
    return this.#states[this.#find()] === seen;
  }

  #take({ name, bytes, md5 }: Stored): void {
    const print = this.#print;
    const key = hexOf(name);
    print[0] = wordAt(key, 0);
    print[1] = wordAt(key, 8);
    print[2] = wordAt(md5, 0) ^ (bytes % 2 ** 32);
    print[3] = wordAt(md5, 8) ^ Math.floor(bytes / 2 ** 32);
  }

  /** Where it is, or the free slot where it would be. */
  #find(): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.#print;
    const prints = this.#prints;
    const last = this.#slots - 1;
    for (let slot = (a ^ c) & last; ; slot = (slot + 1) & last) {
      if (this.#states[slot] === free) return slot;
      const at = slot * words;
      const isIt =
        prints[at] === a && prints[at + 1] === b && prints[at + 2] === c && prints[at + 3] === d;
      if (isIt) return slot;
    }
  }

  #grow(): void {
    const [prints, states] = [this.#prints, this.#states];
    this.#slots *= 2;
    this.#prints = new Uint32Array(this.#slots * words);
    this.#states = new Uint8Array(this.#slots);
    for (const [before, state] of states.entries()) {
      if (state === free) continue;
      this.#print.set(prints.subarray(before * words, (before + 1) * words));
      const slot = this.#find();
      this.#prints.set(this.#print, slot * words);
      this.#states[slot] = state;
    }
  }
}

/** Sixteen digits or more that say which key it is: of the SHA-256 that a small object's is. */
function hexOf(key: string): string {
  return key[2] === '/' ? key.slice(3) : createHash('sha256').update(key).digest('hex');
}

/** Eight digits of a hash; 0 where there are none. */
function wordAt(hex: string, from: number): number {
  return Number.parseInt(hex.slice(from, from + 8), 16) || 0;
}
