/** Takes a stream in pieces of the reader's choice; holds no more than one piece that came. */
export class ByteReader {
  readonly #source: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Some bytes, at least one and at most so many; undefined at the end. */
  async piece(most: number): Promise<Buffer | undefined> {
    while (this.#held.length === 0) {
      const next = await this.#source.next();
      if (next.done === true) return undefined;
      this.#held = next.value;
    }
    const piece = this.#held.subarray(0, most);
    this.#held = this.#held.subarray(piece.length);
    return piece;
  }

  /** So many bytes; fewer only at the end. */
  async read(bytes: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    let missing = bytes;
    while (missing > 0) {
      const part = await this.piece(missing);
      if (part === undefined) break;
      missing -= part.length;
      parts.push(part);
    }
    return Buffer.concat(parts);
  }

  async *rest(): AsyncGenerator<Buffer, void, undefined> {
    for (;;) {
      const piece = await this.piece(Infinity);
      if (piece === undefined) return;
      yield piece;
    }
  }
}
