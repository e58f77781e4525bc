import type { Ambient } from '../../kernel/ambient.ts';
import type { RecoveryPoint } from '../../replicator/point/types.ts';
import { auditOf } from '../state/audit.ts';
import type { Operation } from '../store/store.ts';

/** A record is one value of the store: of more points it has the count. */
const mostPoints = 100;

/** What is deleted: which states of the data cannot be had back then. */
export function removalAudit(
  action: 'group-deletion-ordered' | 'group-deleted' | 'point-deleted',
  what: {
    readonly subject: string;
    readonly reason: string;
    readonly points: readonly RecoveryPoint[];
  },
  { ambient, site }: { readonly ambient: Ambient; readonly site: string },
): Operation {
  const { subject, reason, points } = what;
  const told = points
    .slice(0, mostPoints)
    .map(({ id, dataTime, region, state }) => ({ id, dataTime, region, state }));
  const details = { count: points.length, points: told };
  return auditOf(ambient, { action, subject, reason, details, site });
}
