import type { Capture, Copy, Previous, ResourceRef, Verification } from '../mover.ts';
import type { NewPoint, PointManifest, RecoveryPoint } from '../point/types.ts';

export type SessionPhase =
  | 'capturing'
  | 'shipping'
  | 'verifying'
  | 'committing'
  | 'expiring'
  | 'done'
  | 'failed'
  | 'superseded';

/** One run of replication for one group; plain JSON, saved before every effect it announces. */
export interface Session {
  readonly id: string;
  readonly group: string;
  /** The group's generation when the session was claimed. */
  readonly generation: number;
  readonly sourceRegion: string;
  readonly targetRegion: string;
  readonly resources: readonly ResourceRef[];
  readonly phase: SessionPhase;
  /** How often a process took it up; above 1 it was resumed. */
  readonly runs: number;
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly cutStart?: string;
  readonly cutEnd?: string;
  /** By resourceKey. */
  readonly captures: Readonly<Record<string, Capture>>;
  readonly copies: Readonly<Record<string, Copy>>;
  readonly verifications: Readonly<Record<string, Verification>>;
  /**
   * What failed sessions before this one had shipped since the newest point, by resourceKey: it lies
   * in the secondary and in no point, so this session goes on from it instead of leaving it there.
   */
  readonly carried?: Readonly<Record<string, Previous<Copy>>>;
  /** Rounds of repair that damage found by the verification took. */
  readonly repairs: number;
  readonly pointId: string;
  readonly manifest?: { readonly object: string; readonly sha256: string };
  /** The link of the chain that the manifest was sealed with, so that it is built the same again. */
  readonly previous?: PointManifest['previous'];
  /** Resources that this run gave up, by resourceKey; forgotten when the session is taken up again. */
  readonly failures?: Readonly<Record<string, SessionError>>;
  /** What was not tidied up in the source: it is logged, and the next session tries again. */
  readonly warnings?: number;
  /** Bytes and objects that crossed to the secondary, over all runs; a kill loses those since the last save. */
  readonly moved: { readonly bytes: number; readonly objects: number };
  readonly error?: SessionError;
}

/** One line for the operator, with a stable code. */
export interface SessionError {
  readonly code: string;
  readonly message: string;
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
  /** The point and its session's next state, in one transaction. Harmless when repeated. */
  commitPoint(point: NewPoint, session: Session): Promise<void>;
  /**
   * A check's outcome or a change of state; no generation is compared: damage is always recorded.
   * Gives the outcome that counts. `seen`: the point as it was when the check began: one that found
   * nothing does not outweigh damage that another found meanwhile.
   */
  savePoint(point: RecoveryPoint, seen?: RecoveryPoint): Promise<RecoveryPoint>;
  /**
   * Not offered from now on, whatever it was: its data is going. Only by who carries out the group's
   * session. `kept` are the proven points because of which it may go: throws `retention.kept-changed`
   * (transient) when one of them is proven no more.
   */
  expirePoint(group: string, point: string, kept?: readonly string[]): Promise<void>;
  /** Points that ended sessions of the group sealed, or not even that, and did not commit, as far as they are remembered. */
  uncommitted(group: string): Promise<readonly string[]>;
  /** Forgets it, once its data is gone. Only by who carries out the group's session. */
  removePoint(group: string, point: string): Promise<void>;
}
