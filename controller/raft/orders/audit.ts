import type { Ambient } from '../../../kernel/ambient.ts';
import { isoTime } from '../../../kernel/clock.ts';
import { type Operation, put } from '../../store/store.ts';
import { type AuditRecord, clusterKeys } from '../keys.ts';

/** To be written in the transaction of what it tells of. */
export function auditOf({ clock, random }: Ambient, record: Omit<AuditRecord, 'at'>): Operation {
  const at = isoTime(clock.now());
  return put(clusterKeys.audit(at, random.id()), { at, ...record });
}
