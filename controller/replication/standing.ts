import type { ProtectionPolicy } from '../../replicator/policy.ts';
import type { GroupHead, GroupRecord, LatestSession } from '../state/records.ts';

/** What decides when, where and by whom a group is next worked on. */
export interface Standing {
  /** The operator paused it, or it was failed over. */
  readonly isResting: boolean;
  readonly policy: ProtectionPolicy;
  /** The unfinished or newest one. */
  readonly session: LatestSession | null;
  readonly createdAt: string;
  /** Whose controllers come first: replication reads much and writes all in the secondary. */
  readonly regions: readonly string[];
}

export function standingOf(
  record: GroupRecord,
  head: GroupHead,
  policy: ProtectionPolicy,
  session: LatestSession | null,
): Standing {
  return {
    isResting: record.spec.paused || head.failedOver !== undefined,
    policy,
    session,
    createdAt: record.createdAt,
    regions: [head.secondary, head.primary],
  };
}
