import type { Table, Write } from '../store/tables.ts';
import { containerKey, expiryKey, kindOf, objectKey } from './keys.ts';
import type { ObjectTables } from './object-tables.ts';
import type { HeldRow, PendingRows } from './pending-rows.ts';
import {
  type AccountRecord,
  type ContainerRecord,
  type ObjectRecord,
  type RowRecord,
  rowOf,
} from './records.ts';

/**
 * What one request changes in one account: gathered under the account's lock, then committed as one
 * batch. Reads see what was put before. Statistics follow the rows, which may lag behind the objects.
 */
export class Change {
  readonly #account: string;
  readonly #tables: ObjectTables;
  readonly #pending: PendingRows;
  readonly #seen = new Map<string, unknown>();
  readonly #writes = new Map<string, Write>();
  readonly #takes: Write[] = [];
  readonly #held: HeldRow[] = [];
  readonly #taken = new Map<string, number>();
  readonly #released = new Set<string>();
  readonly #kept = new Set<string>();

  constructor(account: string, tables: ObjectTables, pending: PendingRows) {
    this.#account = account;
    this.#tables = tables;
    this.#pending = pending;
  }

  account(): Promise<AccountRecord | undefined> {
    return this.#get(this.#tables.account, 'account', this.#account);
  }

  putAccount(record: AccountRecord): void {
    this.#put(this.#tables.account, 'account', this.#account, record);
  }

  container(container: string): Promise<ContainerRecord | undefined> {
    return this.#get(this.#tables.container, 'container', this.#containerKey(container));
  }

  /** The statistics of the record must be those that were read in this change. */
  async putContainer(container: string, record: ContainerRecord): Promise<void> {
    const old = await this.container(container);
    await this.#count({ containers: containersIn(record) - containersIn(old) });
    this.#put(this.#tables.container, 'container', this.#containerKey(container), record);
  }

  /** It must be empty. */
  async deleteContainer(container: string): Promise<void> {
    await this.#count({ containers: -containersIn(await this.container(container)) });
    this.#put(this.#tables.container, 'container', this.#containerKey(container), undefined);
  }

  /** `name` may be a version's (versionName). */
  object(container: string, name: string): Promise<ObjectRecord | undefined> {
    return this.#get(this.#tables.object, 'object', this.#objectKey(container, name));
  }

  /** The blob of what it replaces is removed after the commit, unless a record put here has it. */
  async putObject(container: string, name: string, record: ObjectRecord): Promise<void> {
    await this.#release(container, name);
    const key = this.#objectKey(container, name);
    this.#put(this.#tables.object, 'object', key, record);
    if (record.blob !== null) this.#kept.add(record.blob);
    if (record.deleteAtSeconds !== undefined) {
      const { expiry } = this.#tables;
      const due = { account: this.#account, container, name };
      this.#put(expiry, 'expiry', expiryKey(record.deleteAtSeconds, key), due);
    }
    await this.#changeRow(container, name, rowOf(this.#account, record));
  }

  /** Its row goes even where there is no such object any more. */
  async deleteObject(container: string, name: string): Promise<void> {
    await this.#release(container, name);
    this.#put(this.#tables.object, 'object', this.#objectKey(container, name), undefined);
    await this.#changeRow(container, name, null);
  }

  /** Lets the rows be seen whose lag is over. */
  async settle(container: string): Promise<void> {
    const key = this.#containerKey(container);
    let count = 0;
    for await (const [{ name, row }, taken] of this.#pending.due(key)) {
      await this.#applyRow(container, name, row);
      this.#takes.push(taken);
      count++;
    }
    if (count > 0) this.#taken.set(key, count);
  }

  /** For whoever commits: the batch, rows to hold with it, rows it takes out, blobs of nobody. */
  outcome(): {
    readonly writes: readonly Write[];
    readonly held: readonly HeldRow[];
    readonly taken: ReadonlyMap<string, number>;
    readonly released: readonly string[];
  } {
    return {
      writes: [...this.#writes.values(), ...this.#takes],
      held: this.#held,
      taken: this.#taken,
      released: [...this.#released].filter((id) => !this.#kept.has(id)),
    };
  }

  async #release(container: string, name: string): Promise<void> {
    const old = await this.object(container, name);
    if (old?.blob != null) this.#released.add(old.blob);
    if (old?.deleteAtSeconds === undefined) return;
    const key = expiryKey(old.deleteAtSeconds, this.#objectKey(container, name));
    this.#put(this.#tables.expiry, 'expiry', key, undefined);
  }

  async #changeRow(container: string, name: string, row: RowRecord | null): Promise<void> {
    if (!this.#pending.isHeld(this.#containerKey(container)))
      return this.#applyRow(container, name, row);
    this.#held.push({ account: this.#account, container, name, row });
  }

  async #applyRow(container: string, name: string, row: RowRecord | null): Promise<void> {
    const kind = kindOf(name);
    const table = kind === 'version' ? this.#tables.versionRow : this.#tables.objectRow;
    const key = this.#objectKey(container, name);
    const old = await this.#get(table, `${kind}-row`, key);
    this.#put(table, `${kind}-row`, key, row ?? undefined);
    const objects = (row === null ? 0 : 1) - (old === undefined ? 0 : 1);
    const bytes = (row?.bytes ?? 0) - (old?.bytes ?? 0);
    const record = await this.container(container);
    if (record === undefined || (objects === 0 && bytes === 0)) return;
    this.#put(
      this.#tables.container,
      'container',
      this.#containerKey(container),
      counted(record, kind === 'version', objects, bytes),
    );
    await this.#count({ objects, bytes });
  }

  async #count(by: { containers?: number; objects?: number; bytes?: number }): Promise<void> {
    const record = await this.account();
    if (record === undefined) return;
    const { containers = 0, objects = 0, bytes = 0 } = by;
    this.putAccount({
      ...record,
      containers: record.containers + containers,
      objects: record.objects + objects,
      bytes: record.bytes + bytes,
    });
  }

  async #get<T>(table: Table<T>, kind: string, key: string): Promise<T | undefined> {
    const seen = `${kind}!${key}`;
    if (!this.#seen.has(seen)) this.#seen.set(seen, await table.get(key));
    return this.#seen.get(seen) as T | undefined;
  }

  #put<T>(table: Table<T>, kind: string, key: string, record: T | undefined): void {
    const seen = `${kind}!${key}`;
    this.#seen.set(seen, record);
    this.#writes.set(seen, record === undefined ? table.del(key) : table.put(key, record));
  }

  #containerKey(container: string): string {
    return containerKey(this.#account, container);
  }

  #objectKey(container: string, name: string): string {
    return objectKey(this.#account, container, name);
  }
}

/** Swift keeps versions in a hidden container, and the account counts it. */
function containersIn(record: ContainerRecord | undefined): number {
  return record === undefined ? 0 : record.versions === undefined ? 1 : 2;
}

function counted(
  record: ContainerRecord,
  isVersion: boolean,
  objects: number,
  bytes: number,
): ContainerRecord {
  const { versions } = record;
  if (!isVersion || versions === undefined)
    return { ...record, objects: record.objects + objects, bytes: record.bytes + bytes };
  return {
    ...record,
    versions: {
      ...versions,
      objects: versions.objects + objects,
      bytes: versions.bytes + bytes,
    },
  };
}
