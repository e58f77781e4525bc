import { Transform, type TransformCallback } from 'node:stream';
import { FarshoreError } from '../../kernel/errors.ts';
import { Reading } from '../transfer/reading.ts';
import { hashNameOf, type Content } from './content.ts';

interface Expected extends Content {
  readonly sizeBytes: number;
  readonly operation: string;
  readonly subject: string;
}

/**
 * Passes an image's bytes on and hashes them. The last piece is held back until the hash of all was
 * found right: a stream that is wrong ends in an error before its end, so that whoever reads it never
 * takes it for whole. The error is `image.content-altered`.
 */
export class HashingStream extends Transform {
  readonly #expected: Expected;
  readonly #reading: Reading;
  readonly #onBytes: (bytes: number) => void;
  #held: Buffer | undefined;

  /** `reading`: what came before these bytes. */
  constructor(
    expected: Expected,
    {
      reading = new Reading(hashNameOf(expected.hashAlgo)),
      onBytes = () => undefined,
    }: { readonly reading?: Reading; readonly onBytes?: (bytes: number) => void } = {},
  ) {
    super();
    this.#expected = expected;
    this.#reading = reading;
    this.#onBytes = onBytes;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#reading.take(chunk);
    this.#onBytes(chunk.length);
    const ready = this.#held;
    this.#held = chunk;
    done(null, ready);
  }

  override _flush(done: TransformCallback): void {
    const { sizeBytes, hashAlgo, hashValue } = this.#expected;
    const { bytes, hashValue: value } = this.#reading;
    if (bytes !== sizeBytes) done(this.#altered(`${bytes} bytes came of ${sizeBytes}`));
    else if (value !== hashValue)
      done(this.#altered(`the bytes hash to ${hashAlgo} ${value}, not ${hashValue}`));
    else done(null, this.#held);
  }

  #altered(what: string): FarshoreError {
    return new FarshoreError(what, {
      code: 'image.content-altered',
      kind: 'permanent',
      operation: this.#expected.operation,
      subject: this.#expected.subject,
      hint: "Glance gave other data than it recorded at the upload: look at the image's file in that region's store",
    });
  }
}
