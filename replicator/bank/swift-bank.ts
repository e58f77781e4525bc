import { createHash } from 'node:crypto';
import type { Ambient } from '../../kernel/ambient.ts';
import { FarshoreError, isTransient } from '../../kernel/errors.ts';
import { hasStatus } from '../../regions/http/request-error.ts';
import type { ObjectStore } from '../../regions/object-store/types.ts';
import type { Bank, CatalogRef, HeldCatalog } from './bank.ts';
import { SwiftDocuments, type Documents } from './documents.ts';
import type { Identity, Signature } from './identity.ts';
import { packRows, unpackRows } from './json-lines.ts';
import { manifestObject } from './manifests.ts';
import { NamelessFile } from './nameless-file.ts';
import { requireOwner, type BankOwner } from './owner.ts';
import { publishKey } from './signed.ts';

export interface BankOptions {
  /** The account in the secondary that the bank lives in. */
  readonly store: ObjectStore;
  readonly container: string;
  readonly identity: Identity;
  /** A local directory with room for the largest catalog (about 60 bytes an object). */
  readonly spoolDir: string;
  readonly ambient: Ambient;
  /** How often a transfer is begun before its transient error is passed on; 5 unless given. */
  readonly attempts?: number;
}

/**
 * The bank over one Swift container. Where it touches data:
 *
 * - catalog written: its rows go to a nameless local file first, so the object's name (its hash),
 *   length and MD5 are known before a byte is sent. Killed, or the answer lost: nothing, or the whole
 *   object under the hash of its own content; writing it again finds it there. Swift checks the MD5.
 * - catalog read: downloaded whole and hashed before the first row is given, so a caller never acts
 *   on an altered row, and a caller that works slowly holds no connection open.
 * - manifest written: one PUT with its MD5; it is there whole or not at all.
 */
class SwiftBank implements Bank {
  readonly store: ObjectStore;
  readonly container: string;
  readonly installation: string;
  readonly documents: Documents;
  readonly #identity: Identity;
  /** Fingerprints of former keys that were seen in the bank. */
  readonly #published = new Set<string>();
  readonly #spoolDir: string;
  readonly #ambient: Ambient;
  readonly #attempts: number;
  #former: readonly string[] = [];

  constructor(options: BankOptions) {
    this.store = options.store;
    this.container = options.container;
    this.installation = options.identity.installation;
    this.documents = new SwiftDocuments(options.store, options.container);
    this.#identity = options.identity;
    this.#spoolDir = options.spoolDir;
    this.#ambient = options.ambient;
    this.#attempts = options.attempts ?? 5;
  }

  get former(): readonly string[] {
    return this.#former;
  }

  async requireOwned(signal: AbortSignal): Promise<BankOwner> {
    const { clock } = this.#ambient;
    const owner = await this.#tried(signal, () =>
      requireOwner(this.documents, this.installation, clock, signal),
    );
    this.#former = owner.former.map(({ installation }) => installation);
    return owner;
  }

  async sign(bytes: Buffer): Promise<Signature> {
    const { signature, by, former } = await this.#identity.sign(bytes);
    // Looked at each time: what is signed is worth nothing on the day without it.
    await publishKey(this.documents, by);
    for (const key of former) {
      if (this.#published.has(key.fingerprint)) continue;
      await publishKey(this.documents, key);
      this.#published.add(key.fingerprint);
    }
    return signature;
  }

  async writeCatalog(
    group: string,
    rows: AsyncIterable<unknown>,
    signal?: AbortSignal,
  ): Promise<CatalogRef> {
    return await this.#withFile(async (file) => {
      let count = 0;
      const counted = async function* (): AsyncGenerator {
        for await (const row of rows) {
          count += 1;
          yield row;
        }
      };
      const { bytes, md5, sha256 } = await file.fillHashed(packRows(counted()), signal);
      const object = `${group}/catalogs/${sha256}.jsonl.gz`;
      const present = await this.store.head(this.container, object, only(signal));
      if (present?.bytes !== bytes || present.etag !== md5) {
        const options = {
          contentLength: bytes,
          etag: md5,
          headers: { 'content-type': 'application/gzip' },
          ...only(signal),
        };
        await this.#tried(signal, async () => {
          await this.#put(() => this.store.put(this.container, object, file.read(), options));
        });
      }
      return { object, sha256, rows: count, bytes };
    });
  }

  async *readCatalog(ref: CatalogRef, signal?: AbortSignal): AsyncGenerator {
    await using held = await this.openCatalog(ref, signal);
    yield* held.rows();
    signal?.throwIfAborted();
  }

  async openCatalog(ref: CatalogRef, signal?: AbortSignal): Promise<HeldCatalog> {
    const file = await NamelessFile.open(this.#spoolDir, this.#ambient.random);
    try {
      await this.#tried(signal, () => this.#download(ref, file, signal));
    } catch (error) {
      await file.close();
      throw error;
    }
    return {
      rows: () => unpackRows(file.read()),
      [Symbol.asyncDispose]: () => file.close(),
    };
  }

  async sweepCatalogs(
    group: string,
    kept: ReadonlySet<string>,
    signal?: AbortSignal,
  ): Promise<number> {
    await this.#asOwner(signal);
    let swept = 0;
    try {
      const prefix = `${group}/catalogs/`;
      for await (const row of this.store.list(this.container, { prefix, ...only(signal) })) {
        if (kept.has(row.name)) continue;
        if (await this.store.delete(this.container, row.name, only(signal))) swept += 1;
      }
    } catch (error) {
      // No container: nothing was ever written.
      if (!hasStatus(error, 404)) throw error;
    }
    return swept;
  }

  async writeManifest(
    group: string,
    point: string,
    body: Buffer,
    signal?: AbortSignal,
  ): Promise<{ readonly object: string; readonly sha256: string }> {
    const object = manifestObject(group, point);
    await this.#asOwner(signal);
    await this.documents.write(object, body, signal);
    return { object, sha256: createHash('sha256').update(body).digest('hex') };
  }

  async readManifest(group: string, point: string, signal?: AbortSignal): Promise<Buffer | null> {
    const object = manifestObject(group, point);
    return await this.#tried(signal, () => this.documents.read(object, signal));
  }

  async deleteManifest(group: string, point: string, signal?: AbortSignal): Promise<boolean> {
    await this.#asOwner(signal);
    return await this.documents.delete(manifestObject(group, point), signal);
  }

  async #asOwner(signal: AbortSignal = new AbortController().signal): Promise<void> {
    await this.requireOwned(signal);
  }

  async #download(ref: CatalogRef, file: NamelessFile, signal?: AbortSignal): Promise<void> {
    const found = await this.store.get(this.container, ref.object, only(signal));
    if (found === null)
      throw new FarshoreError('the bank does not hold this catalog', {
        ...readFailure(ref),
        code: 'bank.catalog-missing',
      });
    const { sha256, bytes } = await file.fillHashed(found.body, signal);
    if (sha256 !== ref.sha256)
      throw new FarshoreError(
        `the catalog was altered: ${bytes} bytes with SHA-256 ${sha256} instead of ${ref.bytes} bytes with ${ref.sha256}`,
        { ...readFailure(ref), code: 'bank.catalog-altered' },
      );
  }

  /** A stream is sent once, so a transfer that broke off is begun again here, with a growing pause. */
  async #tried<T>(signal: AbortSignal | undefined, attempt: () => Promise<T>): Promise<T> {
    for (let n = 1; ; n += 1) {
      try {
        return await attempt();
      } catch (error) {
        if (n >= this.#attempts || !isTransient(error)) throw error;
        const pauseMs = 2 ** n * 250 * (0.5 + this.#ambient.random.next());
        this.#ambient.log.warn('transfer to the bank broke off, begun again', {
          attempt: n,
          error,
        });
        await this.#ambient.clock.sleep(pauseMs, signal);
      }
    }
  }

  /** The first write ever makes the container; later ones spend no request on asking for it. */
  async #put(put: () => Promise<unknown>): Promise<void> {
    try {
      await put();
    } catch (error) {
      if (!hasStatus(error, 404)) throw error;
      await this.store.putContainer(this.container);
      await put();
    }
  }

  async #withFile<T>(use: (file: NamelessFile) => Promise<T>): Promise<T> {
    const file = await NamelessFile.open(this.#spoolDir, this.#ambient.random);
    try {
      return await use(file);
    } finally {
      await file.close();
    }
  }
}

export function createBank(options: BankOptions): Bank {
  return new SwiftBank(options);
}

function only(signal: AbortSignal | undefined): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

function readFailure(ref: CatalogRef) {
  return {
    kind: 'permanent',
    operation: 'read catalog',
    subject: ref.object,
    hint: 'points whose manifest names it cannot be restored; verify them and replicate again',
  } as const;
}
