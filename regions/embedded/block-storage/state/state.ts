import type { Ambient } from '../../../../kernel/ambient.ts';
import { Locks } from '../../store/locks.ts';
import { type Table, Tables, type Write } from '../../store/tables.ts';
import type {
  AttachmentRecord,
  BackupRecord,
  QuotaRecord,
  SnapshotRecord,
  TypeRecord,
  VolumeRecord,
} from './records.ts';

/** The type of volumes that name none, as a one-backend cloud has it. */
export const defaultTypeName = 'nfs';

/**
 * What the service remembers. Whatever reads in order to write does both inside `exclusive`: then a
 * status that was checked is the status that is changed, and two requests cannot take the same last
 * piece of a quota.
 */
export class State {
  readonly volumes: Table<VolumeRecord>;
  readonly snapshots: Table<SnapshotRecord>;
  readonly backups: Table<BackupRecord>;
  readonly attachments: Table<AttachmentRecord>;
  readonly types: Table<TypeRecord>;
  readonly quotas: Table<QuotaRecord>;
  readonly ambient: Ambient;
  readonly #tables: Tables;
  readonly #locks = new Locks();

  private constructor(tables: Tables, ambient: Ambient) {
    this.#tables = tables;
    this.ambient = ambient;
    this.volumes = tables.table('volumes');
    this.snapshots = tables.table('snapshots');
    this.backups = tables.table('backups');
    this.attachments = tables.table('attachments');
    this.types = tables.table('types');
    this.quotas = tables.table('quotas');
  }

  static async open(directory: string, ambient: Ambient): Promise<State> {
    const state = new State(await Tables.open(directory), ambient);
    if ((await all(state.types)).length === 0) await state.commit(state.#firstTypes());
    return state;
  }

  now(): number {
    return this.ambient.clock.now();
  }

  /** A random UUID, version 4. */
  newId(): string {
    const hex = this.ambient.random.id() + this.ambient.random.id();
    const variant = '89ab'[Number.parseInt(hex.charAt(16), 16) % 4] ?? '8';
    return [
      hex.slice(0, 8),
      hex.slice(8, 12),
      `4${hex.slice(13, 16)}`,
      `${variant}${hex.slice(17, 20)}`,
      hex.slice(20),
    ].join('-');
  }

  /** Not to be called from inside itself. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    return this.#locks.run('', work);
  }

  commit(writes: readonly Write[]): Promise<void> {
    return this.#tables.commit(writes);
  }

  /** Changes one record, if it is there still; the record as it is now. */
  update<T extends { readonly id: string }>(
    table: Table<T>,
    id: string,
    change: (record: T) => Partial<T>,
  ): Promise<T | undefined> {
    return this.exclusive(async () => {
      const record = await table.get(id);
      if (record === undefined) return undefined;
      const changed = { ...record, ...change(record), updatedAtMs: this.now() };
      await this.commit([table.put(id, changed)]);
      return changed;
    });
  }

  close(): Promise<void> {
    return this.#tables.close();
  }

  #firstTypes(): Write[] {
    const common = { isPublic: true, createdAtMs: this.now() };
    const nfs: TypeRecord = {
      ...common,
      id: this.newId(),
      name: defaultTypeName,
      description: null,
      extraSpecs: { volume_backend_name: 'nfs' },
    };
    const plain: TypeRecord = {
      ...common,
      id: this.newId(),
      name: '__DEFAULT__',
      description: 'Default Volume Type',
      extraSpecs: {},
    };
    return [nfs, plain].map((type) => this.types.put(type.id, type));
  }
}

/** All records of a table that pass; a region of this kind holds some hundreds. */
export async function all<T>(
  table: Table<T>,
  isWanted: (record: T) => boolean = () => true,
): Promise<T[]> {
  const found: T[] = [];
  for await (const [, record] of table.range()) if (isWanted(record)) found.push(record);
  return found;
}
