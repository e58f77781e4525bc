import { join } from 'node:path';
import { Blobs } from '../store/blobs.ts';
import { Locks } from '../store/locks.ts';
import { type Range, Tables } from '../store/tables.ts';
import type { ServiceDeps } from '../service-deps.ts';
import { Change } from './change.ts';
import { Damage } from './damage.ts';
import { containerKey, objectKey, versionName } from './keys.ts';
import { type ObjectTables, objectTables } from './object-tables.ts';
import { PendingRows } from './pending-rows.ts';
import type {
  AccountRecord,
  ContainerRecord,
  ExpiryRecord,
  ObjectRecord,
  RowKind,
  RowRecord,
  Ticks,
} from './records.ts';

const ticksPerMs = 100;
/** A clock that goes back by more than this was set back, and is followed. */
const steadyTicks = 100_000;

/**
 * Everything that the service remembers, typed. Reads are of one record and take no lock; whatever
 * changes goes through `change`. Names are decoded; a version is read as an object named by
 * versionName.
 */
export class State {
  readonly blobs: Blobs;
  readonly damage: Damage;
  readonly #deps: ServiceDeps;
  readonly #tables: Tables;
  readonly #of: ObjectTables;
  readonly #pending: PendingRows;
  readonly #locks = new Locks();
  #lastTick: Ticks = 0;

  private constructor(deps: ServiceDeps, tables: Tables, blobs: Blobs) {
    this.#deps = deps;
    this.#tables = tables;
    this.#of = objectTables(tables);
    this.#pending = new PendingRows(tables, deps.faults, deps.ambient.clock);
    this.blobs = blobs;
    this.damage = new Damage(tables, blobs);
  }

  /** Blobs that no record names, of requests that were cut short by a kill, are removed. */
  static async open(deps: ServiceDeps): Promise<State> {
    const tables = await Tables.open(join(deps.directory, 'tables'));
    const blobs = await Blobs.open({
      directory: join(deps.directory, 'blobs'),
      random: deps.ambient.random,
      isFull: () => deps.faults.conditions.isDiskFull,
    });
    const state = new State(deps, tables, blobs);
    await state.#pending.load();
    await state.damage.load();
    const named = new Set<string>();
    for await (const [, { blob }] of state.#of.object.range()) if (blob !== null) named.add(blob);
    await blobs.sweep((id) => named.has(id));
    return state;
  }

  /** The time for a new record; no two are the same while the clock goes on. */
  tick(): Ticks {
    const now = this.#deps.ambient.clock.now() * ticksPerMs;
    const last = this.#lastTick;
    this.#lastTick = now > last || now < last - steadyTicks ? now : last + 1;
    return this.#lastTick;
  }

  nowSeconds(): number {
    return Math.floor(this.#deps.ambient.clock.now() / 1_000);
  }

  account(account: string): Promise<AccountRecord | undefined> {
    return this.#of.account.get(account);
  }

  container(account: string, container: string): Promise<ContainerRecord | undefined> {
    return this.#of.container.get(containerKey(account, container));
  }

  object(account: string, container: string, name: string): Promise<ObjectRecord | undefined> {
    return this.#of.object.get(objectKey(account, container, name));
  }

  version(
    account: string,
    container: string,
    object: string,
    id: Ticks,
  ): Promise<ObjectRecord | undefined> {
    return this.object(account, container, versionName(object, id));
  }

  containers(
    account: string,
    range: Range,
  ): AsyncGenerator<readonly [name: string, ContainerRecord]> {
    return below(`${account}/`, range, (within) => this.#of.container.range(within));
  }

  /** What the listing shows; `settle` first. */
  rows(
    account: string,
    container: string,
    kind: RowKind,
    range: Range,
  ): AsyncGenerator<readonly [name: string, RowRecord]> {
    const table = kind === 'version' ? this.#of.versionRow : this.#of.objectRow;
    return below(objectKey(account, container, ''), range, (within) => table.range(within));
  }

  /** What is due for deletion by now, the oldest first. */
  async *expired(): AsyncGenerator<ExpiryRecord> {
    const end = String(this.nowSeconds() + 1).padStart(12, '0');
    for await (const [, record] of this.#of.expiry.range({ lt: end })) yield record;
  }

  /** True while a change of the container's listing is not seen yet. */
  hasPendingRows(account: string, container: string): boolean {
    return this.#pending.has(containerKey(account, container));
  }

  /** Lets the rows be seen whose lag is over: of one container, or of all of the account's. */
  async settle(account: string, container?: string): Promise<void> {
    const waiting = this.#pending.containersOf(account).map((key) => key.slice(account.length + 1));
    const due = container === undefined ? waiting : waiting.filter((name) => name === container);
    if (due.length === 0) return;
    await this.change(account, async (change) => {
      for (const name of due) await change.settle(name);
    });
  }

  /**
   * One batch under the account's lock: all of it or, when the work throws, nothing. Write blobs
   * before, so that the lock is held for records only.
   */
  change<T>(account: string, work: (change: Change) => Promise<T>): Promise<T> {
    return this.#locks.run(account, async () => {
      const change = new Change(account, this.#of, this.#pending);
      const result = await work(change);
      const { writes, held, taken, released } = change.outcome();
      const batch = [...writes, ...held.map((row) => this.#pending.hold(row))];
      if (batch.length > 0) await this.#tables.commit(batch);
      for (const [container, count] of taken) this.#pending.taken(container, count);
      for (const blob of released) await this.blobs.remove(blob);
      return result;
    });
  }

  async close(): Promise<void> {
    await this.#tables.close();
  }
}

/** A table's rows below a prefix, their keys without it. */
async function* below<T>(
  prefix: string,
  { gt, gte, lt, lte, ...rest }: Range,
  rows: (range: Range) => AsyncIterable<readonly [string, T]>,
): AsyncGenerator<readonly [string, T]> {
  const range: Range = {
    ...(gt === undefined ? { gte: prefix + (gte ?? '') } : { gt: prefix + gt }),
    ...(lte === undefined
      ? { lt: lt === undefined ? `${prefix.slice(0, -1)}0` : prefix + lt }
      : { lte: prefix + lte }),
    ...rest,
  };
  for await (const [key, record] of rows(range)) yield [key.slice(prefix.length), record];
}
