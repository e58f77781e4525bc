import { FarshoreError } from '../../kernel/errors.ts';
import type { Depth } from '../mover.ts';
import type { MemberChecks } from '../point/members.ts';
import type { NewPoint, RecoveryPoint } from '../point/types.ts';
import type { Session } from './types.ts';

/** What a check found, by point and then by resourceKey. */
export interface PointChecks {
  readonly at: string;
  readonly depth: Depth;
  readonly points: ReadonlyMap<string, MemberChecks>;
  /** The point that was read: of others it is known by what they share. Absent: each was read itself. */
  readonly of?: string;
  /**
   * Ids of all points of the group that there were when it was found out which ones share what is damaged:
   * one that came since may. Absent: it concerns none but those that are named.
   */
  readonly among?: readonly string[];
}

/** A point on which a decision rests: what is known of it then. */
export interface KeptPoint {
  readonly id: string;
  readonly state: RecoveryPoint['state'];
  readonly damaged: number;
}

/**
 * The durable state that replication needs. Every write that names a session or a generation
 * compares the group's generation in the same transaction and throws `session.superseded` when it
 * has risen: a worker that is behind changes nothing that counts.
 */
export interface Ledger {
  /** The unfinished or newest session of a group. */
  session(group: string): Promise<Session | null>;
  saveSession(session: Session): Promise<void>;
  /** Newest first, expiring ones included. */
  points(group: string): Promise<readonly RecoveryPoint[]>;
  /**
   * The point and its session's next state, in one transaction. Harmless when repeated. `others`: the group's
   * points, whose damage the head has where it shares what is damaged. Throws `point.others-changed`
   * (transient) when another check was recorded of one of them since.
   */
  commitPoint(point: NewPoint, session: Session, others: readonly RecoveryPoint[]): Promise<void>;
  /**
   * What checks found, in one transaction for all the points that it concerns; no generation is
   * compared: damage is always recorded. Gives the heads as they are then; a point that is gone is not
   * among them. `seen`: the points as they were when the check began: one that found nothing does not
   * outweigh damage that another found meanwhile. Throws `point.others-changed` (transient) when there is
   * a point that is not `among` those that were looked at.
   */
  recordChecks(
    group: string,
    checked: PointChecks,
    seen?: readonly RecoveryPoint[],
  ): Promise<readonly RecoveryPoint[]>;
  /** The serial of the newest check that was recorded of the group's points: what is read from now on is read after it. */
  newestCheck(group: string): Promise<number>;
  /**
   * Not offered from now on, whatever it was: its data is going. Only by who carries out the group's
   * session. `kept` are points because of which it may go, as they were when that was decided: throws
   * `retention.kept-changed` (transient) when one of them has become worse. Throws `point.held`
   * (transient) when an operator has come to hold it.
   */
  expirePoint(group: string, point: string, kept?: readonly KeptPoint[]): Promise<void>;
  /**
   * Ended sessions of the group, as far as they are remembered, that sealed a manifest, and whose point is not
   * there: it was never committed, or has expired since. If the manifest is in the bank all the same, it came late.
   */
  pointless(group: string): Promise<readonly string[]>;
  /** Forgets it, once its data is gone. Only by who carries out the group's session. */
  removePoint(group: string, point: string): Promise<void>;
}

const overtaken: ReadonlySet<string> = new Set([
  'retention.kept-changed',
  'point.held',
  'point.others-changed',
]);

/** A refusal of what was decided on something that is no more: it is to be decided again. */
export function isOvertaken(error: unknown): boolean {
  return error instanceof FarshoreError && overtaken.has(error.code);
}

export function othersChanged(group: string, operation: string): FarshoreError {
  return new FarshoreError('what is known of the other points of the group has changed', {
    code: 'point.others-changed',
    kind: 'transient',
    operation,
    subject: group,
    hint: 'it is decided again what is damaged for which of them',
  });
}
