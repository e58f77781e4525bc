import type { Ambient } from '../../../kernel/ambient.ts';
import { isoTime } from '../../../kernel/clock.ts';
import type { Operation } from '../../store/store.ts';
import { auditEntry } from '../../state/audit.ts';
import type { AuditRecord } from '../../state/records.ts';

/** To be written in the transaction of what it tells of. */
export function auditOf({ clock, random }: Ambient, record: Omit<AuditRecord, 'at'>): Operation {
  const at = isoTime(clock.now());
  return auditEntry({ at, ...record }, random.id());
}
