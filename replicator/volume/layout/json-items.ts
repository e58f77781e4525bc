/**
 * Reads a JSON object in which one array is too long to hold: Cinder's `_sha256file` has 33 million
 * hashes (2.4 GB) for a volume of 1 TiB, and the `_metadata` of a busy incremental as many objects
 * as there were changed extents. Holds one value at a time.
 */
import type { Readable } from 'node:stream';
import { FarshoreError } from '../../../kernel/errors.ts';

export type JsonPart =
  | { readonly kind: 'item'; readonly value: unknown }
  | { readonly kind: 'field'; readonly key: string; readonly value: unknown };

/** Longest single value, `volume_meta` with all of a volume's metadata included. */
const maxValueBytes = 8 * 1024 * 1024;

const quote = 0x22;
const backslash = 0x5c;
const openObject = 0x7b;
const closeObject = 0x7d;
const openArray = 0x5b;
const closeArray = 0x5d;
const comma = 0x2c;
const colon = 0x3a;

/**
 * Yields the fields of the top-level object in the order of the text, and the items of its array
 * `arrayKey` one by one where it stands. Throws `volume.json-unreadable` when the text is not such an
 * object, ends early or goes on after its end; what was yielded before must then not be trusted.
 */
export async function* jsonParts(body: Readable, arrayKey: string): AsyncGenerator<JsonPart> {
  const splitter = new Splitter(arrayKey);
  for await (const chunk of body as AsyncIterable<Buffer>) yield* splitter.write(chunk);
  splitter.end();
}

/** Cuts the text at the commas and colons of the top level (and of the one array), values left whole. */
class Splitter {
  readonly #arrayKey: string;
  /** Bytes of the value under way that came with earlier chunks. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  #isEnded = false;
  #key: string | undefined;
  #isInItems = false;

  constructor(arrayKey: string) {
    this.#arrayKey = arrayKey;
  }

  write(chunk: Buffer): JsonPart[] {
    const parts: JsonPart[] = [];
    let start = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0;
      if (this.#isInString) {
        this.#insideString(byte);
      } else if (byte === quote) {
        this.#isInString = true;
      } else if (byte === openObject || byte === openArray) {
        if (this.#opens(byte)) start = at + 1;
      } else if (isCut(byte)) {
        if (this.#depth === (this.#isInItems ? 2 : 1)) {
          this.#cut(byte, chunk.subarray(start, at), parts);
          start = at + 1;
        }
        if (byte === closeObject || byte === closeArray) this.#closes();
      }
    }
    this.#hold(chunk.subarray(start));
    return parts;
  }

  end(): void {
    if (!this.#isEnded || this.#taken(Buffer.alloc(0)).trim() !== '') fail('it ends early');
  }

  #insideString(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === backslash) this.#isEscaped = true;
    else if (byte === quote) this.#isInString = false;
  }

  /** True when the bracket is the frame itself and not part of a value. */
  #opens(byte: number): boolean {
    if (this.#isEnded) fail('it goes on after its end');
    this.#depth += 1;
    if (this.#depth === 1) return true;
    const isItems = this.#depth === 2 && byte === openArray && this.#key === this.#arrayKey;
    if (isItems) this.#isInItems = true;
    return isItems;
  }

  #closes(): void {
    this.#depth -= 1;
    if (this.#depth < 0) fail('it closes what it never opened');
    if (this.#isInItems && this.#depth === 1) {
      this.#isInItems = false;
      this.#key = undefined;
    }
    if (this.#depth === 0) this.#isEnded = true;
  }

  #cut(byte: number, rest: Buffer, parts: JsonPart[]): void {
    const text = this.#taken(rest);
    if (this.#isInItems) {
      if (byte === colon) fail('a colon in an array');
      else if (text.trim() !== '') parts.push({ kind: 'item', value: parse(text) });
      else if (byte === comma) fail('a value is missing');
      return;
    }
    if (byte === colon) {
      const key = parse(text);
      if (typeof key !== 'string') fail('a key is not a string');
      else this.#key = key;
      return;
    }
    if (this.#key !== undefined) {
      parts.push({ kind: 'field', key: this.#key, value: parse(text) });
      this.#key = undefined;
    } else if (text.trim() !== '') fail('a key is missing');
  }

  #hold(rest: Buffer): void {
    if (rest.length === 0) return;
    this.#heldBytes += rest.length;
    if (this.#heldBytes > maxValueBytes) fail(`a value is longer than ${maxValueBytes} bytes`);
    this.#held.push(Buffer.from(rest));
  }

  #taken(rest: Buffer): string {
    if (this.#held.length === 0) return rest.toString('utf8');
    const text = Buffer.concat([...this.#held, rest]).toString('utf8');
    this.#held = [];
    this.#heldBytes = 0;
    return text;
  }
}

function isCut(byte: number): boolean {
  return byte === comma || byte === colon || byte === closeObject || byte === closeArray;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    return fail('a value is not JSON', cause);
  }
}

function fail(why: string, cause?: unknown): never {
  throw new FarshoreError(`not the JSON it should be: ${why}`, {
    code: 'volume.json-unreadable',
    kind: 'permanent',
    operation: 'read a backup file',
    cause,
  });
}
