const slots = 1 << 20;

/**
 * Remembers which contents are in the bank, in 4 MiB whatever their number: of two that fall into one
 * slot the later stays. So it may say no where yes were right, and the bytes are sent once more than
 * needed; its yes is but a guess, which the bank is asked about.
 */
export class ContentIndex {
  #table: Uint32Array | undefined;

  add(sha256: string): void {
    this.#table ??= new Uint32Array(slots);
    this.#table[slotOf(sha256)] = printOf(sha256);
  }

  mayHold(sha256: string): boolean {
    return this.#table?.[slotOf(sha256)] === printOf(sha256);
  }
}

function slotOf(sha256: string): number {
  return parseInt(sha256.slice(0, 5), 16);
}

/** Never 0, which is an empty slot. */
function printOf(sha256: string): number {
  return parseInt(sha256.slice(5, 13), 16) || 1;
}
