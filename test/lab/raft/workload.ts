import { setTimeout as sleep } from 'node:timers/promises';

import { systemClock } from '../../../kernel/clock.ts';
import { FarshoreError } from '../../../kernel/errors.ts';
import { type Key, put, type Store } from '../../../controller/store/store.ts';
import type { Action, Outcome } from '../../support/history/operation.ts';
import { History } from '../../support/history/recorder.ts';

export const registers: Key<string> = { path: 'register/' };

export function register(name: string): Key<string> {
  return { path: `${registers.path}${name}` };
}

/** As the store's contract says what its errors mean. */
export function storeHistory(): History {
  return new History(systemClock, (error) => {
    if (error instanceof FarshoreError && error.code === 'store.unavailable') return 'refused';
    if (error instanceof FarshoreError && error.code === 'store.outcome-unknown') return 'unknown';
    throw error;
  });
}

/** What a store committed, by the value that was put. */
export interface Committed {
  readonly value: string;
  readonly revision: number;
  readonly invokedMs: number;
  readonly endedMs: number;
}

/** A client of the registers: one call after the other, each noted in the history. */
export class Client {
  readonly committed: Committed[] = [];
  longestMs = 0;
  readonly #name: string;
  readonly #store: Store;
  readonly #history: History;
  /** What it saw last of each key: its comparisons go by that. */
  readonly #seen = new Map<string, { value: string | null; modRevision: number }>();
  #count = 0;

  constructor(name: string, store: Store, history: History) {
    this.#name = name;
    this.#store = store;
    this.#history = history;
  }

  read(key: string, consistency: 'linearizable' | 'local' = 'linearizable'): Promise<Outcome> {
    return this.#call(key, { type: 'read' }, async () => {
      const entry = await this.#store.get(register(key), { consistency });
      const value = entry?.value ?? null;
      this.#seen.set(key, { value, modRevision: entry?.modRevision ?? 0 });
      return { type: 'read', value };
    });
  }

  write(key: string): Promise<Outcome> {
    const value = this.#nextValue();
    return this.#call(key, { type: 'write', value }, async () => {
      await this.#commit(value, () => this.#store.transact([], [put(register(key), value)]));
      return { type: 'written' };
    });
  }

  /** Against what it saw last, which others may have overwritten since. */
  compareAndSet(key: string): Promise<Outcome> {
    const value = this.#nextValue();
    const { value: expected, modRevision } = this.#seen.get(key) ?? { value: null, modRevision: 0 };
    const compare = { path: register(key).path, modRevision };
    return this.#call(key, { type: 'compare-and-set', expected, value }, async () => {
      const held = await this.#commit(value, () =>
        this.#store.transact([compare], [put(register(key), value)]),
      );
      return { type: 'compared', held };
    });
  }

  /** A mix of all on a few keys, until the signal aborts. */
  async work(
    keys: readonly string[],
    chance: () => number,
    paceMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    while (!signal.aborted) {
      const key = keys[Math.floor(chance() * keys.length)]!;
      const dice = chance();
      if (dice < 0.5) await this.read(key);
      else if (dice < 0.65) await this.write(key);
      else await this.compareAndSet(key);
      await sleep(chance() * 2 * paceMs);
    }
  }

  async #commit(value: string, transact: () => ReturnType<Store['transact']>): Promise<boolean> {
    const invokedMs = systemClock.monotonicMs();
    const outcome = await transact();
    const endedMs = systemClock.monotonicMs();
    if (outcome.committed)
      this.committed.push({ value, revision: outcome.revision, invokedMs, endedMs });
    return outcome.committed;
  }

  async #call(key: string, action: Action, call: () => Promise<Outcome>): Promise<Outcome> {
    const startedMs = systemClock.monotonicMs();
    const outcome = await this.#history.record(this.#name, key, action, call);
    this.longestMs = Math.max(this.longestMs, systemClock.monotonicMs() - startedMs);
    return outcome;
  }

  #nextValue(): string {
    this.#count += 1;
    return `${this.#name}-${this.#count}`;
  }
}

/**
 * What contradicts the order that the store itself tells by its revisions: one revision for two
 * transactions, or a later one for what had ended before the other began.
 */
export function misordered(committed: readonly Committed[]): readonly string[] {
  const byRevision = committed.toSorted((left, right) => left.revision - right.revision);
  const found: string[] = [];
  let latestBegin: Committed | undefined;
  for (const [at, each] of byRevision.entries()) {
    const before = byRevision[at - 1];
    if (before?.revision === each.revision)
      found.push(`${before.value} and ${each.value} both have revision ${each.revision}`);
    if (latestBegin !== undefined && each.endedMs < latestBegin.invokedMs)
      found.push(`${each.value} ended before ${latestBegin.value} began, and has a later revision`);
    if (latestBegin === undefined || each.invokedMs > latestBegin.invokedMs) latestBegin = each;
  }
  return found;
}
