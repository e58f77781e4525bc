import type { Chunk } from './metadata.ts';
import { gib } from './names.ts';

/**
 * Do the pieces cover the volume: all of it for a full backup, no byte twice for any? Cinder notes
 * the size of the volume but reads to the end of what its driver opened: an NFS volume that has
 * snapshots, backed up directly, gives the overlay file in place of the volume's bytes.
 */
export class Cover {
  readonly #sizeBytes: number;
  readonly #isFull: boolean;
  #end = 0;
  #fault: string | undefined;

  constructor(sizeGib: number, isFull: boolean) {
    this.#sizeBytes = sizeGib * gib;
    this.#isFull = isFull;
  }

  add({ object, offset, length }: Chunk): void {
    const isNext = this.#isFull ? offset === this.#end : offset >= this.#end;
    if (!isNext)
      this.#fault ??= `${object} begins at ${offset}, the one before ends at ${this.#end}`;
    this.#end = offset + length;
  }

  /** What is wrong, on one line; undefined when nothing is. Asked after the last piece. */
  fault(): string | undefined {
    const isRight = this.#isFull ? this.#end === this.#sizeBytes : this.#end <= this.#sizeBytes;
    if (this.#fault === undefined && !isRight)
      return `the last object ends at ${this.#end}, the volume at ${this.#sizeBytes}`;
    return this.#fault;
  }
}
