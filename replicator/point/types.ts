import type { Copy, Depth, Finding } from '../mover.ts';

/**
 * `proven`: every object, parent and hash was checked in the secondary. `damaged`: a later check
 * found it not whole. `expiring`: no longer offered, its data is being deleted.
 */
export type PointState = 'proven' | 'damaged' | 'expiring';

/** The head of a recovery point in the state store; it is written after the manifest, so there is none without. */
export interface RecoveryPoint {
  /** Sorts by time: `20261121T085503Z-1f0c`. */
  readonly id: string;
  readonly group: string;
  readonly generation: number;
  /** Its place among the group's points, from 1, given when it is committed. */
  readonly sequence: number;
  readonly state: PointState;
  /** Region that holds the copies. */
  readonly region: string;
  readonly sourceRegion: string;
  /** RFC 3339: when the first and the last resource were captured. */
  readonly cutStart: string;
  readonly cutEnd: string;
  /** The oldest data time of its copies: what RPO counts from. */
  readonly dataTime: string;
  readonly committedAt: string;
  readonly manifest: { readonly object: string; readonly sha256: string };
  readonly resources: number;
  readonly objects: number;
  readonly bytes: number;
  /** The newest check. */
  readonly checked: {
    readonly at: string;
    readonly depth: Depth;
    readonly damaged: number;
    readonly findings: readonly Finding[];
  };
}

/** A head before it is committed, which gives it its place. */
export type NewPoint = Omit<RecoveryPoint, 'sequence'>;

/** What lies in the bank: enough to restore with nothing but it and the region's services. */
export interface PointManifest {
  readonly version: 1;
  readonly id: string;
  readonly group: string;
  readonly generation: number;
  readonly sessionId: string;
  readonly sourceRegion: string;
  readonly region: string;
  readonly cutStart: string;
  readonly cutEnd: string;
  readonly dataTime: string;
  /** The manifest before it and its SHA-256: a chain in which a removal or change shows. */
  readonly previous: { readonly id: string; readonly sha256: string } | null;
  readonly copies: readonly Copy[];
}
