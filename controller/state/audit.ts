import type { Ambient } from '../../kernel/ambient.ts';
import { isoTime } from '../../kernel/clock.ts';
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

/** The same, of now. */
export function auditOf(
  { clock, random }: Pick<Ambient, 'clock' | 'random'>,
  record: Omit<AuditRecord, 'at'>,
): Operation {
  return auditEntry({ at: isoTime(clock.now()), ...record }, random.id());
}
