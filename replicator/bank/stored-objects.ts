import type { Readable } from 'node:stream';
import { FarshoreError } from '../../kernel/errors.ts';
import { hasStatus } from '../../regions/http/request-error.ts';
import { openObject, type OpenedObject } from '../../regions/object-store/open-object.ts';
import type {
  ListingRow,
  ObjectInfo,
  ObjectStore,
  Written,
} from '../../regions/object-store/types.ts';
import { copyInside, type Place } from '../transfer/copy-inside.ts';
import type { Bank } from './bank.ts';

/** Read whole before it is stored, so that its SHA-256 is its key; what is larger is hashed as it passes. */
export const smallBytes = 8 * 1024 * 1024;

/** What the bank's own listing or HEAD must say of a stored object. */
export interface StoredIdentity {
  readonly bytes: number;
  readonly md5: string;
}

/**
 * The bytes of a group's objects in its bank, each once, under a key that never changes meaning:
 *
 *     <group>/objects/<2 hex>/<sha256>   up to 8 MiB
 *     <group>/objects/large/<unique>     larger; a catalog's row tells the hash
 *
 * A write that was cut off leaves nothing. One whose answer was lost, or that arrives late, writes the
 * same bytes under the same key, or bytes under a key that nobody names: the sweep takes those.
 */
export class StoredObjects {
  readonly #bank: Pick<Bank, 'store' | 'container'>;
  readonly prefix: string;

  constructor(bank: Pick<Bank, 'store' | 'container'>, group: string) {
    this.#bank = bank;
    this.prefix = `${group}/objects/`;
  }

  get store(): ObjectStore {
    return this.#bank.store;
  }

  get container(): string {
    return this.#bank.container;
  }

  /** The object's name in the bank's container. */
  nameOf(key: string): string {
    return this.prefix + key;
  }

  async head(key: string, signal: AbortSignal): Promise<ObjectInfo | null> {
    return await this.store.head(this.container, this.nameOf(key), { newest: true, signal });
  }

  /** True when it is there as it should be, by what the store says of it. */
  async holds(key: string, expected: StoredIdentity, signal: AbortSignal): Promise<boolean> {
    const info = await this.head(key, signal);
    return info?.bytes === expected.bytes && info.etag === expected.md5;
  }

  /** Of about so many bytes, from one of them on. */
  async open(
    key: string,
    bytes: number,
    signal: AbortSignal,
    first = 0,
  ): Promise<OpenedObject | null> {
    const { container } = this;
    const range = first === 0 ? {} : { range: { first } };
    const object = { container, object: this.nameOf(key), bytes };
    return await openObject(this.store, object, { ...range, signal });
  }

  /** `md5` is what the store must find (422 and nothing kept, if it does not); absent: it is not asked. */
  async put(
    key: string,
    body: Buffer | Readable,
    { bytes, md5, signal }: PutOptions,
  ): Promise<Written> {
    const options = {
      contentLength: bytes,
      headers: { 'content-type': 'application/octet-stream' },
      ...(md5 === undefined ? {} : { etag: md5 }),
      signal,
    };
    const put = () => this.store.put(this.container, this.nameOf(key), body, options);
    if (!Buffer.isBuffer(body)) return await put();
    return await this.#withContainer(put, signal);
  }

  /** A copy inside the store, of an object in the same cluster. */
  async copyFrom(
    from: Place & { readonly projectId: string },
    key: string,
    signal: AbortSignal,
  ): Promise<Written | 'missing' | 'refused'> {
    const { store, container } = this;
    const to = { store, container, object: this.nameOf(key) };
    const headers = { 'content-type': 'application/octet-stream', 'x-fresh-metadata': 'true' };
    const options = { manifest: true, headers, signal };
    return await this.#withContainer(() => copyInside(from, to, options), signal);
  }

  /** Makes the bank's container when there is none: a stream can be sent but once. */
  async prepare(signal: AbortSignal): Promise<void> {
    const found = await this.store.headContainer(this.container, signal);
    if (found === null) await this.store.putContainer(this.container, {}, signal);
  }

  /** By key, in the order of UTF-8 bytes; nothing when the bank was never written. */
  async *list(signal: AbortSignal): AsyncGenerator<ListingRow> {
    const { prefix } = this;
    try {
      for await (const row of this.store.list(this.container, { prefix, signal }))
        yield { ...row, name: row.name.slice(prefix.length) };
    } catch (error) {
      if (!hasStatus(error, 404)) throw error;
    }
  }

  async delete(key: string, signal: AbortSignal): Promise<boolean> {
    return await this.store.delete(this.container, this.nameOf(key), { signal });
  }

  async #withContainer<T>(write: () => Promise<T>, signal: AbortSignal): Promise<T> {
    try {
      return await write();
    } catch (error) {
      const isMissing =
        hasStatus(error, 404) ||
        (error instanceof FarshoreError && error.code === 'object-store.not-found');
      if (!isMissing) throw error;
      await this.prepare(signal);
      return await write();
    }
  }
}

interface PutOptions {
  readonly bytes: number;
  readonly md5?: string | undefined;
  readonly signal: AbortSignal;
}

export function keyOf(sha256: string): string {
  return `${sha256.slice(0, 2)}/${sha256}`;
}

/** Below `objects/`, as `keyOf` and `largeKeyOf` make it. */
export function isStoredKey(name: string): boolean {
  return /^(large|[0-9a-f]{2})\//.test(name);
}

/** `unique` has to be one that no other write ever used, a late one of a session that was given up included. */
export function largeKeyOf(unique: string): string {
  return `large/${unique}`;
}
