import type { ByteReader } from './byte-reader.ts';
import { blockBytes, paxRecords, tarHeader, type TarHeader } from './tar-header.ts';

export interface TarEntry {
  readonly name: Buffer;
  readonly bytes: number;
  readonly isFile: boolean;
  /** Attributes of pax headers. */
  readonly attributes: ReadonlyMap<string, Buffer>;
}

/** The archive cannot be read; the message is for the client. */
export class TarError extends Error {}

/** Long names and attributes; no file's data. */
const longestExtraBytes = 1 << 20;
const fileTypes = ['0', '7'];
/** Links, devices and folders, whose size says nothing about data. */
const emptyTypes = ['1', '2', '3', '4', '5', '6'];

/** The members of a tar archive (ustar, GNU, pax) in their order, while it comes in. */
export class TarReader {
  readonly #source: ByteReader;
  #isFirst = true;
  /** Of the current entry: data not read yet, and what fills its last block. */
  #missing = 0;
  #padding = 0;

  constructor(source: ByteReader) {
    this.#source = source;
  }

  /** Skips what was not read of the entry before. Undefined at the end. Throws TarError. */
  async next(): Promise<TarEntry | undefined> {
    await this.#skip();
    const attributes = new Map<string, Buffer>();
    let longName: Buffer | undefined;
    for (;;) {
      const header = await this.#header();
      if (header === undefined) return undefined;
      const { type } = header;
      if (type === 'L' || type === 'K') {
        const data = await this.#extra(header);
        if (type === 'L')
          longName = data.subarray(0, (data.indexOf(0) + data.length + 1) % (data.length + 1));
      } else if (type === 'x' || type === 'X' || type === 'g') {
        const records = paxRecords(await this.#extra(header));
        if (records === undefined) throw new TarError('invalid header');
        if (type !== 'g') for (const [key, value] of records) attributes.set(key, value);
      } else {
        return this.#entry(header, longName, attributes);
      }
    }
  }

  /** The current entry's data, once. Throws TarError when the archive ends in it. */
  async *data(): AsyncGenerator<Buffer, void, undefined> {
    while (this.#missing > 0) yield await this.#take();
  }

  #entry(
    { name, bytes, type }: TarHeader,
    longName: Buffer | undefined,
    attributes: ReadonlyMap<string, Buffer>,
  ): TarEntry {
    const said = Number(attributes.get('size')?.toString('latin1') ?? bytes);
    if (!Number.isSafeInteger(said) || said < 0) throw new TarError('invalid header');
    const length = emptyTypes.includes(type) ? 0 : said;
    this.#expect(length);
    return {
      name: attributes.get('path') ?? longName ?? name,
      bytes: length,
      isFile: fileTypes.includes(type),
      attributes,
    };
  }

  /** What is no header ends an archive, but is no archive when it comes first. */
  async #header(): Promise<TarHeader | undefined> {
    const block = await this.#source.read(blockBytes);
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    const header = block.length < blockBytes ? undefined : tarHeader(block);
    if (typeof header === 'object') return header;
    if (!isFirst) return undefined;
    if (header === undefined && block.length > 0) throw new TarError('truncated header');
    throw new TarError(header === 'invalid' ? 'invalid header' : 'empty file');
  }

  async #extra({ bytes }: TarHeader): Promise<Buffer> {
    if (bytes > longestExtraBytes) throw new TarError('invalid header');
    const data = await this.#source.read(bytes);
    this.#expect(bytes);
    this.#missing -= data.length;
    await this.#skip();
    return data;
  }

  #expect(bytes: number): void {
    this.#missing = bytes;
    this.#padding = (blockBytes - (bytes % blockBytes)) % blockBytes;
  }

  async #take(): Promise<Buffer> {
    const piece = await this.#source.piece(this.#missing);
    if (piece === undefined) throw new TarError('unexpected end of data');
    this.#missing -= piece.length;
    return piece;
  }

  async #skip(): Promise<void> {
    while (this.#missing > 0) await this.#take();
    await this.#source.read(this.#padding);
    this.#padding = 0;
  }
}
