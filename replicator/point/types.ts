import type { Copy, Depth, Finding, ResourceRef } from '../mover.ts';

/**
 * Follows from the members, see `stateOfMembers`. `proven`: every object, parent and hash of every
 * resource was checked in the secondary. `partial`: something can be recovered from it, and something
 * is lacking or damaged. `damaged`: nothing can. `expiring`: no longer offered, its data is being deleted.
 */
export type PointState = 'proven' | 'partial' | 'damaged' | 'expiring';

/** One line for the operator, with a stable code. */
export interface Problem {
  readonly code: string;
  readonly message: string;
}

/** A member of the group that a point has no copy of, and why. */
export interface LackingResource extends Problem {
  readonly resource: ResourceRef;
}

/** One resource of a point, as its head tells. */
export interface PointMember {
  readonly resource: ResourceRef;
  /**
   * `proven`: its copy is whole. `partial`: so it is, but parts of the source are not in it.
   * `damaged`: a check found it not whole. `lacking`: the point has no copy of it.
   */
  readonly state: 'proven' | 'partial' | 'damaged' | 'lacking';
  /** RFC 3339; null: there is no copy. */
  readonly dataTime: string | null;
  /** Things that a check found missing or altered; what they are is in the head's findings. */
  readonly damaged: number;
  /** Why it is lacking, or what of it is; stays what it is whatever a check finds. */
  readonly problem: Problem | null;
}

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
  /** What has to be understood to use it: `manifest/2`, `volume/1`. */
  readonly formats: readonly string[];
  /** Every resource of the group at its cut, those included that it lacks. */
  readonly members: readonly PointMember[];
  /** Copies, objects and bytes that it has. */
  readonly resources: number;
  readonly objects: number;
  readonly bytes: number;
  /** The newest check. */
  readonly checked: {
    /** Its place among all that were recorded of the group's points: which came first, clocks do not tell. */
    readonly serial: number;
    readonly at: string;
    readonly depth: Depth;
    readonly damaged: number;
    readonly findings: readonly Finding[];
  };
}

/** A head before it is committed, which gives it and its check their places. */
export type NewPoint = Omit<RecoveryPoint, 'sequence' | 'checked'> & {
  readonly checked: Omit<RecoveryPoint['checked'], 'serial'>;
};

/** What lies in the bank: enough to restore with nothing but it and the region's services. */
export interface PointManifest {
  /** Of this envelope; each copy has that of its kind. */
  readonly format: 2;
  /** Whose it is, see bank/owner.ts. */
  readonly installation: string;
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
  readonly previous: {
    readonly id: string;
    readonly sha256: string;
    /** Its place among the group's points: tells the order where those between are gone, and clocks lied. */
    readonly sequence: number;
  } | null;
  readonly copies: readonly Copy[];
  /** Members of the group that could not be copied, and why: a restore says so, and does not guess. */
  readonly lacks: readonly LackingResource[];
}
