import { type Operation, put } from '../store/store.ts';
import { keys } from './keys.ts';
import type { AuditRecord } from './records.ts';

/**
 * For the transaction of what it tells of. The key begins with the time, so that the newest are the
 * last; `id` tells apart what happened at the same time.
 */
export function auditEntry(record: AuditRecord, id: string): Operation {
  return put(keys.audit(`${record.at}-${id}`), record);
}
