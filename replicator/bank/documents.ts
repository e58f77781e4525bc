import { createHash } from 'node:crypto';
import { FarshoreError } from '../../kernel/errors.ts';
import { hasStatus } from '../../regions/http/request-error.ts';
import type { ObjectStore } from '../../regions/object-store/types.ts';

/**
 * What is read whole into memory is bounded: whoever may write the bank, or the network before it,
 * must not decide how much that is. Far above the manifest of a group of a thousand volumes.
 */
export const documentBytesMax = 32 * 1024 * 1024;

/** The small things in a bank, each one object that is there whole or not at all. */
export interface Documents {
  /** `account/container`, for texts. */
  readonly place: string;
  /** Null when there is none. Throws `bank.document-too-large` before a byte of it is read. */
  read(name: string, signal?: AbortSignal): Promise<Buffer | null>;
  /** Makes the container when it is missing. Killed, or the answer lost: nothing, or the whole. */
  write(name: string, body: Buffer, signal?: AbortSignal): Promise<void>;
  /**
   * Only where there is none yet; false when there is. A store that does not know the condition
   * overwrites and says true: read back what counts.
   */
  create(name: string, body: Buffer, signal?: AbortSignal): Promise<boolean>;
  /** False when there was none. */
  delete(name: string, signal?: AbortSignal): Promise<boolean>;
  /** Names, in byte order, after `after` when it is given. None where there is no container. */
  list(prefix: string, options?: ListFrom, signal?: AbortSignal): AsyncIterable<string>;
}

export interface ListFrom {
  readonly after?: string;
  /** As many as are wanted at first; all come, however many. */
  readonly pageSize?: number;
}

/** One thing that is too large must not keep from the others: it is given back as the fault that it is. */
export async function readBounded(
  documents: Documents,
  name: string,
  signal?: AbortSignal,
): Promise<Buffer | FarshoreError | null> {
  try {
    return await documents.read(name, signal);
  } catch (error) {
    if (isTooLarge(error)) return error;
    throw error;
  }
}

export function isTooLarge(error: unknown): error is FarshoreError {
  return error instanceof FarshoreError && error.code === 'bank.document-too-large';
}

export class SwiftDocuments implements Documents {
  readonly place: string;
  readonly #store: ObjectStore;
  readonly #container: string;

  constructor(store: ObjectStore, container: string) {
    this.#store = store;
    this.#container = container;
    this.place = `${store.account}/${container}`;
  }

  async read(name: string, signal?: AbortSignal): Promise<Buffer | null> {
    const options = { newest: true, mostBytes: documentBytesMax, ...only(signal) };
    const found = await this.#store.getWhole(this.#container, name, options);
    if (found === null) return null;
    if (found === 'larger' || found.info.isSlo) throw tooLarge(`${this.place}/${name}`);
    return found.content;
  }

  async write(name: string, body: Buffer, signal?: AbortSignal): Promise<void> {
    await this.#put(name, body, {}, signal);
  }

  async create(name: string, body: Buffer, signal?: AbortSignal): Promise<boolean> {
    try {
      await this.#put(name, body, { 'if-none-match': '*' }, signal);
      return true;
    } catch (error) {
      if (!hasStatus(error, 412)) throw error;
      return false;
    }
  }

  delete(name: string, signal?: AbortSignal): Promise<boolean> {
    return this.#store.delete(this.#container, name, only(signal));
  }

  async *list(
    prefix: string,
    { after, pageSize }: ListFrom = {},
    signal?: AbortSignal,
  ): AsyncGenerator<string> {
    const options = {
      prefix,
      ...(after === undefined ? {} : { marker: after }),
      ...(pageSize === undefined ? {} : { pageSize }),
      ...only(signal),
    };
    try {
      for await (const { name } of this.#store.list(this.#container, options)) yield name;
    } catch (error) {
      // No container: nothing was ever written.
      if (!hasStatus(error, 404)) throw error;
    }
  }

  /** The first write ever makes the container; later ones spend no request on asking for it. */
  async #put(
    name: string,
    body: Buffer,
    headers: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<void> {
    if (body.length > documentBytesMax) throw tooLarge(`${this.place}/${name}`);
    const put = () =>
      this.#store.put(this.#container, name, body, {
        contentLength: body.length,
        etag: createHash('md5').update(body).digest('hex'),
        headers: { 'content-type': 'application/json', ...headers },
        ...only(signal),
      });
    try {
      await put();
    } catch (error) {
      if (!hasStatus(error, 404)) throw error;
      await this.#store.putContainer(this.#container, {}, signal);
      await put();
    }
  }
}

function tooLarge(subject: string): FarshoreError {
  return new FarshoreError(
    `it is not one object of at most ${documentBytesMax} bytes, as all that Farshore writes there`,
    {
      code: 'bank.document-too-large',
      kind: 'permanent',
      operation: 'use document in the bank',
      subject,
      hint: 'see who wrote it: openstack object show',
    },
  );
}

function only(signal: AbortSignal | undefined): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
