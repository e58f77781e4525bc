import type { Bank, CatalogRef, HeldCatalog } from '../../bank/bank.ts';
import { catalogRows, type CatalogRow } from '../catalog/row.ts';

/** Each is a file that is open; what is beyond is read anew each time. */
const heldAtOnce = 32;

/**
 * Catalogs that one container's shipping reads: several times each where its objects refer to others,
 * since what is to be taken follows from what was. Got once, and held until it is over.
 */
export class HeldCatalogs implements AsyncDisposable {
  readonly #bank: Pick<Bank, 'openCatalog' | 'readCatalog'>;
  readonly #signal: AbortSignal;
  readonly #held = new Map<string, Promise<HeldCatalog>>();

  constructor(bank: Pick<Bank, 'openCatalog' | 'readCatalog'>, signal: AbortSignal) {
    this.#bank = bank;
    this.#signal = signal;
  }

  async *rows(ref: CatalogRef): AsyncGenerator<CatalogRow> {
    const held = this.#held.get(ref.sha256) ?? this.#open(ref);
    yield* catalogRows((await held)?.rows() ?? this.#bank.readCatalog(ref, this.#signal));
    this.#signal.throwIfAborted();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = await Promise.allSettled(this.#held.values());
    this.#held.clear();
    for (const each of all)
      if (each.status === 'fulfilled') await each.value[Symbol.asyncDispose]();
  }

  #open(ref: CatalogRef): Promise<HeldCatalog> | undefined {
    if (this.#held.size >= heldAtOnce) return undefined;
    const opened = this.#bank.openCatalog(ref, this.#signal);
    this.#held.set(ref.sha256, opened);
    return opened;
  }
}
