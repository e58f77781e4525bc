import type { Ambient } from '../../kernel/ambient.ts';
import { FarshoreError } from '../../kernel/errors.ts';
import type { Consistency, Entry, Key, Store, Transaction } from '../store/store.ts';
import { listAll } from './list-all.ts';
import { Reached } from './reached.ts';

/** What became of one key; `after` undefined: it was deleted, `before` undefined: it is new. */
export interface MirrorChange<V> {
  readonly path: string;
  readonly before: V | undefined;
  readonly after: V | undefined;
}

/**
 * Hears of one transaction, or of all that a new list differed in, and of the revision that the
 * mirror shows by then. Must not throw, nor wait.
 */
export type MirrorListener<V> = (changes: readonly MirrorChange<V>[], revision: number) => void;

export interface MirrorOptions<T, V> {
  readonly store: Pick<Store, 'page' | 'watch'>;
  readonly prefix: Key<T>;
  /** What is kept of an entry: no more than is asked for, since all of them stay in memory. */
  readonly project: (entry: Entry<T>) => V;
  readonly ambient: Ambient;
}

interface Kept<V> {
  readonly modRevision: number;
  readonly value: V;
}

const firstPauseMs = 200;
const longestPauseMs = 5_000;

/**
 * The entries below a prefix in memory: a list, and every transaction from its revision on. Readers
 * see whole transactions, in order. It may lag behind the store and says how far it is (`revision`);
 * it never goes back, unless the store itself was put back to an older state.
 *
 * Where the watch ends (compaction, too slow for it, the store away) it goes on answering with what
 * it has, `isInStep` is false, and it lists again; what differs then is told as changes. Nothing is
 * on disk: a process that starts again lists again.
 */
export class Mirror<T, V> {
  readonly #options: MirrorOptions<T, V>;
  readonly #stopping = new AbortController();
  readonly #listeners = new Set<MirrorListener<V>>();
  readonly #reached = new Reached();
  readonly #filled = Promise.withResolvers<undefined>();
  #kept = new Map<string, Kept<V>>();
  #isFilled = false;
  /** On the monotonic clock; null while in step. */
  #outSinceMs: number | null;
  #done: Promise<void> = Promise.resolve();

  constructor(options: MirrorOptions<T, V>) {
    this.#options = options;
    this.#outSinceMs = options.ambient.clock.monotonicMs();
  }

  /** Once. Never rejects: what fails is said in the log and tried again. */
  start(): void {
    this.#done = this.#follow(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#done;
  }

  /** Resolves when the first list is there; of a mirror that is stopped before, never. */
  get ready(): Promise<undefined> {
    return this.#filled.promise;
  }

  /** False before the first list, and while a lost watch is made up for. */
  get isInStep(): boolean {
    return this.#outSinceMs === null;
  }

  /** How long it has been out of step; 0 while it is in step. */
  get outOfStepMs(): number {
    if (this.#outSinceMs === null) return 0;
    return this.#options.ambient.clock.monotonicMs() - this.#outSinceMs;
  }

  /** True once the first list is there: what is here is old at worst, and never a part. */
  get isFilled(): boolean {
    return this.#isFilled;
  }

  /** The transaction that was taken in last, or the revision of the list. */
  get revision(): number {
    return this.#reached.revision;
  }

  get size(): number {
    return this.#kept.size;
  }

  get(key: Key<T>): V | undefined {
    return this.#kept.get(key.path)?.value;
  }

  /** The revision of the key's last write that is taken in. */
  modRevisionOf(key: Key<T>): number | undefined {
    return this.#kept.get(key.path)?.modRevision;
  }

  get prefix(): string {
    return this.#options.prefix.path;
  }

  /** In no order. */
  *values(): IterableIterator<V> {
    for (const { value } of this.#kept.values()) yield value;
  }

  /** By path, in no order. */
  *entries(): IterableIterator<readonly [string, V]> {
    for (const [path, { value }] of this.#kept) yield [path, value];
  }

  /** Returns how to stop hearing. The first list is told too. */
  onChange(listener: MirrorListener<V>): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Resolves when the transaction of that revision, which must have touched the prefix, is taken in;
   * rejects with the signal's reason when it aborts before.
   */
  reach(revision: number, signal: AbortSignal): Promise<void> {
    return this.#reached.wait(revision, signal);
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { store, prefix, ambient } = this.#options;
    let pauseMs = firstPauseMs;
    for (;;) {
      try {
        await this.#list();
        pauseMs = firstPauseMs;
        for await (const transaction of store.watch(prefix, this.revision + 1, signal))
          this.#take(transaction);
        return;
      } catch (error) {
        if (signal.aborted) return;
        this.#outSinceMs ??= ambient.clock.monotonicMs();
        const isFallenBehind = error instanceof FarshoreError && error.code === 'store.compacted';
        const fields = { prefix: prefix.path, revision: this.revision, error };
        if (isFallenBehind) ambient.log.info('state is listed anew', fields);
        else ambient.log.warn('state cannot be followed', fields);
      }
      if (!(await this.#pause(pauseMs, signal))) return;
      pauseMs = Math.min(longestPauseMs, pauseMs * 2);
    }
  }

  /** From the nearest copy, which answers without a quorum; unless that lags behind what is here. */
  async #list(): Promise<void> {
    const read = (consistency: Consistency) =>
      listAll(this.#options.store, this.#options.prefix, consistency);
    let found = await read('local');
    if (found.revision < this.revision) found = await read('linearizable');
    const isPutBack = found.revision < this.revision;
    const kept = new Map<string, Kept<V>>();
    const changes: MirrorChange<V>[] = [];
    for (const entry of found.entries) {
      const before = this.#kept.get(entry.path);
      const isSame = !isPutBack && before?.modRevision === entry.modRevision;
      const after = isSame ? before : this.#keep(entry);
      kept.set(entry.path, after);
      if (!isSame) changes.push({ path: entry.path, before: before?.value, after: after.value });
    }
    for (const [path, { value }] of this.#kept)
      if (!kept.has(path)) changes.push({ path, before: value, after: undefined });
    this.#kept = kept;
    this.#outSinceMs = null;
    this.#isFilled = true;
    this.#tell(changes, found.revision);
    this.#reached.set(found.revision);
    this.#filled.resolve(undefined);
  }

  #take({ revision, changes: made }: Transaction<T>): void {
    const changes: MirrorChange<V>[] = [];
    for (const change of made) {
      const path = change.type === 'put' ? change.entry.path : change.path;
      const before = this.#kept.get(path)?.value;
      const after = change.type === 'put' ? this.#keep(change.entry) : undefined;
      if (after === undefined) this.#kept.delete(path);
      else this.#kept.set(path, after);
      changes.push({ path, before, after: after?.value });
    }
    this.#tell(changes, revision);
    this.#reached.set(revision);
  }

  #keep(entry: Entry<T>): Kept<V> {
    return { modRevision: entry.modRevision, value: this.#options.project(entry) };
  }

  #tell(changes: readonly MirrorChange<V>[], revision: number): void {
    if (changes.length === 0) return;
    for (const listener of this.#listeners) {
      try {
        listener(changes, revision);
      } catch (error) {
        // A defect of one listener must not stop the others, nor the mirror.
        this.#options.ambient.log.error('a listener of the state failed', { error });
      }
    }
  }

  /** False when it is stopped meanwhile. */
  async #pause(ms: number, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#options.ambient.clock.sleep(ms, signal);
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      throw error;
    }
  }
}
