import type { Compare } from '../store/store.ts';

/** A running controller, as it announces itself under its lease. A new one with every lease. */
export interface ControllerInfo {
  readonly id: string;
  /** The site's name in the configuration: `east`, `west`, `witness`; `local` for a single controller. */
  readonly site: string;
  /** The configured region that it runs in; null: none (a witness), it carries out nothing. */
  readonly region: string | null;
  readonly startedAt: string;
  readonly version: string;
}

/** What is carried out by one controller at a time. */
export type ClaimKind = 'session' | 'execution';

/** The right to carry something out: held under the controller's lease, never prolonged, never revived. */
export interface Claim {
  readonly kind: ClaimKind;
  /** Group of the session, id of the execution. */
  readonly id: string;
  /** What every write of its holder compares: false for ever once the claim was lost. */
  readonly compare: Compare;
  /** Aborts when the lease is lost, or the claim was deleted by another's hand. */
  readonly lost: AbortSignal;
  /** Gives it back, so that another can take it at once; where the store does not answer, as soon as it does, or with the lease. Harmless when lost. */
  release(): Promise<void>;
}

export interface Claims {
  /** Null when another holds it, or this controller has no lease now. */
  take(kind: ClaimKind, id: string): Promise<Claim | null>;
  /**
   * The claim of the group's session, from its holder if need be, which breaks the session off.
   * Throws `group.busy` (transient) when it does not within 20 s.
   */
  insist(group: string, signal: AbortSignal): Promise<Claim>;
  /** What writes of the holder compare; throws `claim.lost` (transient) when it is not held here. */
  compareOf(kind: ClaimKind, id: string): Compare;
}

/** Who is there, who leads, and whose turn a piece of work is. All from memory, kept up by watching. */
export interface Cluster {
  readonly self: ControllerInfo | null;
  controllers(): readonly ControllerInfo[];
  /** The coordinator's announcement; null while there is none. */
  leader(): ControllerInfo | null;
  isLeader(): boolean;
  /** What the coordinator's writes compare; null when this controller is not the leader. */
  leadership(): Compare | null;
  /**
   * True when this controller is the one, of those that are there now, that should carry out the
   * work: those in the first of `regions` before those in the next, before the others; among equals
   * the work is spread by its id. Never a witness.
   */
  isTurn(workId: string, regions: readonly string[]): boolean;
  /** True while somebody waits for the group's session to be left alone. */
  isYielding(group: string): boolean;
  /** Called after controllers came or went, and after a claim was given up. Returns how to stop. */
  onChange(listener: () => void): () => void;
}
