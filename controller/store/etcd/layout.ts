import { FarshoreError } from '../../../kernel/errors.ts';
import type { Entry } from '../store.ts';
import type { KeyValue } from './messages.ts';

/**
 * Where things lie in etcd: entries below `<prefix>k/`, the guards of transactions below
 * `<prefix>tx/`, so that neither ranges nor watches of entries ever meet a guard.
 */
export class Layout {
  readonly #entries: string;
  readonly #guards: string;

  constructor(prefix: string) {
    this.#entries = `${prefix}k/`;
    this.#guards = `${prefix}tx/`;
  }

  key(path: string): Buffer {
    return bytes(this.#entries + path);
  }

  guard(session: string, slot: number): Buffer {
    return bytes(`${this.#guards}${session}/${slot}`);
  }

  /** All entries whose path begins with `prefix`. */
  range(prefix: string): { readonly key: Buffer; readonly rangeEnd: Buffer } {
    const key = this.key(prefix);
    const rangeEnd = Buffer.from(key);
    // Paths are ASCII below 127, so that the last byte always has a successor.
    rangeEnd.writeUInt8(rangeEnd.readUInt8(rangeEnd.length - 1) + 1, rangeEnd.length - 1);
    return { key, rangeEnd };
  }

  /** The first key that comes after that of `path`. */
  after(path: string): Buffer {
    return bytes(`${this.#entries}${path}\0`);
  }

  path(key: Buffer): string {
    return key.toString('latin1').slice(this.#entries.length);
  }

  entry<T>(found: KeyValue): Entry<T> {
    const path = this.path(found.key);
    return {
      path,
      value: parse(path, found.value) as T,
      createRevision: Number(found.createRevision),
      modRevision: Number(found.modRevision),
      ...(found.lease === '0' ? {} : { lease: found.lease }),
    };
  }
}

export function encodeValue(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

function parse(path: string, value: Buffer): unknown {
  try {
    return JSON.parse(value.toString());
  } catch (cause) {
    throw new FarshoreError('the stored value is not JSON', {
      code: 'store.corrupt',
      kind: 'fatal',
      operation: 'read state',
      subject: path,
      hint: 'a program other than Farshore wrote below its prefix in etcd: delete or mend the key',
      cause,
    });
  }
}
