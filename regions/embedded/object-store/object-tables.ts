import type { Table, Tables } from '../store/tables.ts';
import type {
  AccountRecord,
  ContainerRecord,
  ExpiryRecord,
  ObjectRecord,
  RowRecord,
} from './records.ts';

/** Keys are those of keys.ts. */
export interface ObjectTables {
  readonly account: Table<AccountRecord>;
  readonly container: Table<ContainerRecord>;
  /** Versions too. */
  readonly object: Table<ObjectRecord>;
  /** What a container's listing shows. */
  readonly objectRow: Table<RowRecord>;
  /** What a listing of versions shows. */
  readonly versionRow: Table<RowRecord>;
  readonly expiry: Table<ExpiryRecord>;
}

export function objectTables(tables: Tables): ObjectTables {
  return Object.freeze<ObjectTables>({
    account: tables.table('account'),
    container: tables.table('container'),
    object: tables.table('object'),
    objectRow: tables.table('object-row'),
    versionRow: tables.table('version-row'),
    expiry: tables.table('expiry'),
  });
}
