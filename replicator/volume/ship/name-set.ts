import { createHash } from 'node:crypto';

/**
 * Tells in constant memory whether two streams hold the same set of names, in whatever order:
 * cinder-backup numbers objects with five digits, so that beyond 99,999 its own order is no longer
 * the listing's. The names of one stream must be distinct.
 */
export class NameSet {
  #count = 0;
  readonly #sum = Buffer.alloc(32);

  add(name: string): void {
    this.#count += 1;
    const digest = createHash('sha256').update(name).digest();
    for (let at = 0; at < digest.length; at += 1)
      this.#sum[at] = (this.#sum[at] ?? 0) ^ (digest[at] ?? 0);
  }

  get count(): number {
    return this.#count;
  }

  equals(other: NameSet): boolean {
    return this.#count === other.#count && this.#sum.equals(other.#sum);
  }
}
