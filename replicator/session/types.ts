import type { Capture, Copy, Previous, ResourceRef, Verification } from '../mover.ts';
import type { LackingResource, PointManifest, Problem } from '../point/types.ts';

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
  /** Members that could not be taken along from the start: the point says that it lacks them. */
  readonly lacking: readonly LackingResource[];
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
  /** By resourceKey: the serial of the newest check when its newest verification began to read. */
  readonly verifiedSince?: Readonly<Record<string, number>>;
  /**
   * What sessions before this one had shipped and brought into no point, by resourceKey: it lies in
   * the secondary, so this session goes on from it instead of leaving it there.
   */
  readonly carried?: Readonly<Record<string, Previous>>;
  /** Rounds of repair that damage found by the verification took. */
  readonly repairs: number;
  /** What this session sent or copied, by resourceKey: how much of it was rewritten shows in it. */
  readonly work?: Readonly<Record<string, Session['moved']>>;
  /** What happened to the content since the newest point that may be a mistake, a fault or an attack. */
  readonly changes?: readonly ContentChange[];
  readonly pointId: string;
  readonly manifest?: { readonly object: string; readonly sha256: string };
  /** The link of the chain that the manifest was sealed with, so that it is built the same again. */
  readonly previous?: PointManifest['previous'];
  /**
   * Resources that were given up, by resourceKey: the point lacks them. Tried again when the session
   * is taken up before it commits.
   */
  readonly failures?: Readonly<Record<string, SessionError>>;
  /** What was not tidied up in the source: it is logged, and the next session tries again. */
  readonly warnings?: number;
  /** Bytes and objects that crossed to the secondary, over all runs; a kill loses those since the last save. */
  readonly moved: { readonly bytes: number; readonly objects: number };
  readonly error?: SessionError;
}

export type SessionError = Problem;

export interface ContentChange {
  /** resourceKey. */
  readonly resource: string;
  readonly change: 'emptied' | 'changed';
  readonly detail: string;
}
