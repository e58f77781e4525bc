import { FarshoreError } from '../kernel/errors.ts';
import type { Progress } from '../kernel/progress.ts';
import type { ProjectScope } from '../regions/region.ts';
import type { Bank } from './bank/bank.ts';

/** Name of a kind in `kinds.ts`. What a newer release wrote may bear one that is not in the list. */
export type ResourceKind = string;

/** One protected thing in the primary. Where a kind has no ids, `id` is its name. */
export interface ResourceRef {
  readonly kind: ResourceKind;
  readonly id: string;
  readonly name: string;
}

/** `volume/5f0c…`: the key of a resource in records, metrics and texts. */
export function resourceKey(resource: ResourceRef): string {
  return `${resource.kind}/${resource.id}`;
}

/**
 * Where a group's resources live. All kinds so far live in a project of an OpenStack region; this is the
 * one place to name another sort of source, such as a file system or a database.
 */
export type Source = ProjectScope;

/** What a mover fixed at the cut; plain JSON, kept in the session's journal. Its kind knows the rest of it. */
export interface Capture {
  readonly kind: ResourceKind;
  readonly resource: ResourceRef;
  /** RFC 3339. */
  readonly dataTime: string;
}

/**
 * One resource's part of a recovery point, as the manifest holds it; plain JSON, and its kind knows the
 * rest of it. Restoring needs nothing but this, the secondary and the bank.
 */
export interface Copy {
  readonly kind: ResourceKind;
  /** Of this kind's copies: raised when older releases could not restore from what is written. */
  readonly format: number;
  readonly resource: ResourceRef;
  /** RFC 3339: the content is that of the source at this time or later, never earlier. */
  readonly dataTime: string;
  /** How consistent the content is with one instant, as reached and not as asked for. */
  readonly consistency: 'snapshot' | 'backup' | 'listing' | 'immutable';
  /** Objects and bytes of the whole copy in the secondary, shared parents included. */
  readonly objects: number;
  readonly bytes: number;
  /** The copy is whole but for these; at most 1,000 are kept, `lacking` counts all. Absent: it is whole. */
  readonly lacks?: readonly Lack[] | undefined;
  readonly lacking?: number | undefined;
}

/** A part of the resource that is not in its copy. */
export interface Lack {
  /** For the operator: `container/object`. */
  readonly object: string;
  readonly reason: string;
}

/** Names in the secondary for those of the source, by the mapping that a kind has: `volumeTypes`. */
export type Mappings = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** What a policy says of each kind, by its name; the kind's own schema reads it, and has the defaults. */
export type KindOptions = Readonly<Record<ResourceKind, unknown>>;

/** Everything that can be done with the secondary alone: the primary may be lost. */
export interface TargetContext {
  readonly group: string;
  readonly target: ProjectScope;
  readonly bank: Bank;
  /** The two regions share one Swift cluster: what is shipped is copied inside it, never through this process. */
  readonly sharedSwift: boolean;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

export interface SessionContext extends TargetContext {
  /** Names what the session makes in the primary, so that it is found again after a crash. */
  readonly sessionId: string;
  readonly source: Source;
  /** True on every run of a session but its first: something may have been shipped already. */
  readonly isResumed: boolean;
  readonly mappings: Mappings;
  readonly availabilityZone?: string;
  readonly options: KindOptions;
  /** The process's own directory for this session's spooled listings; survives a crash of the process. */
  readonly spoolDir: string;
  /** How far the source's listings may be behind what it acknowledged; the usual few seconds unless told. */
  readonly listingLagMs?: number;
}

/** A look through a primary's project for what sessions made there and left. */
export interface SourceSweep {
  readonly source: ProjectScope;
  /** Only what bears this one's mark is touched. */
  readonly installation: string;
  /**
   * What a group still needs there. `all`: its sessions tidy up themselves. `base`: it was failed over from
   * there, and may go on from its backups should that be withdrawn. `nothing`: there is no such group.
   * Asked anew for each thing, after it was listed: a group that was made since is there by then.
   */
  readonly needs: (group: string) => Promise<'all' | 'base' | 'nothing'>;
  readonly signal: AbortSignal;
}

/** All that is needed to look for what an execution left in its region, and to delete it. */
export type RegionContext = Pick<TargetContext, 'target' | 'progress' | 'signal'>;

/**
 * An execution that is over, and will not be retried while it is looked at. Requests of its that were
 * broken off may still be carried out: an overloaded region does so minutes after their sender has gone.
 */
export interface EndedExecution {
  readonly id: string;
  readonly mode: RestoreOrder['mode'];
  /** See RestoreOrder. */
  readonly scratch: string;
  /** Whether it ever heard of something of this id: a retry goes on with it, or users have it. */
  readonly knew: (id: string) => boolean;
}

/** On one line each: `snapshot 5f0c…`. What is left is tried again. */
export interface Swept {
  readonly deleted: readonly string[];
  readonly left: readonly string[];
}

/** Of a kind that leaves nothing there. */
export const nothingSwept: Swept = Object.freeze({ deleted: [], left: [] });

/** The copy of the same resource in the newest point, and what is known to be damaged in it. */
export interface Previous<P extends Copy = Copy> {
  readonly copy: P;
  readonly damage: readonly Finding[];
}

/** `listing`: names, sizes and hashes as the secondary lists them. `content`: every byte read back and hashed. */
export type Depth = 'listing' | 'content';

export interface Finding {
  /** resourceKey. */
  readonly resource: string;
  /** What is damaged, `container/object` or an id. */
  readonly subject: string;
  /** What it is stored as, where other copies may refer to the same: they are damaged with it. */
  readonly stored?: string;
  readonly problem: 'missing' | 'truncated' | 'altered' | 'unexpected' | 'unreadable';
  /** On one line: what was expected, what was found. */
  readonly detail: string;
}

export interface Verification {
  readonly depth: Depth;
  readonly objects: number;
  readonly bytes: number;
  /** Empty means whole. At most 1,000 are kept a resource; `damaged` counts all. */
  readonly findings: readonly Finding[];
  readonly damaged: number;
}

/** A stretch of a scrub: what was read since the one before. */
export interface Scrubbed<P extends Copy = Copy> {
  /** Where another goes on from; only its own kind reads it. */
  readonly upTo: string;
  /** What is damaged in which of the copies, each of them that depends on it. */
  readonly damage: readonly CopyDamage<P>[];
}

export interface CopyDamage<P extends Copy = Copy> {
  readonly copy: P;
  readonly findings: readonly Finding[];
  /** All of them: findings are cut off at 1,000. */
  readonly damaged: number;
}

/** A small durable memory of one step, so that what was created is known again after a crash. */
export interface Memo {
  get(key: string): string | undefined;
  /** Resolves when it is on disk. */
  set(key: string, value: string): Promise<void>;
}

/** What a restore is to be, before anything of it is done. */
export interface RestorePlan {
  readonly executionId: string;
  /**
   * `failover`: under its own name, as users will find it. `drill`: beside everything, under a name
   * that begins with `scratch`, and every made thing carries that mark.
   */
  readonly mode: 'failover' | 'drill';
  /** `farshore-drill-<execution>`: begins the names and is the mark of all that a drill makes. */
  readonly scratch: string;
}

export interface RestoreOrder extends RestorePlan {
  /** What is known to be damaged, as findings name it (`stored`): where it can't be compared on its way, it is left out. */
  readonly damaged?: ReadonlySet<string>;
  /** More is damaged than `damaged` says: what can't be compared on its way is read before. */
  readonly isMoreDamaged?: boolean;
  readonly memo: Memo;
  /** What a resource that this one needs became here, by resourceKey; undefined when the point has none. */
  restored(resource: string): Restored | undefined;
}

/** What a restore brought up; plain JSON, kept in the execution's journal. */
export interface Restored {
  readonly resource: ResourceRef;
  /** Id in the secondary; where the kind has no ids, its name there. */
  readonly id: string;
  readonly name: string;
  readonly bytes: number;
  /** What the operator should know: a member that does not exist here, a type that was mapped. */
  readonly notes: readonly string[];
}

/** Would keep a resource, by its key, from being restored; the error is what the restore would end with. */
export interface Obstacle {
  readonly resource: string;
  readonly error: FarshoreError;
}

export interface ContentCheck {
  /** `unchecked`: it could not be read here; `detail` says why. Never counted as verified. */
  readonly state: 'verified' | 'unchecked' | 'mismatch';
  readonly bytes: number;
  readonly detail: string;
  /** Something of the copy is not there: to restore it again may bring it. */
  readonly isIncomplete?: boolean;
}

/**
 * Moves one kind of resource and proves it. Every call is idempotent: called again after a crash, at
 * any point, with the same arguments, it goes on where the work stood, ships nothing twice that the
 * secondary already holds, and ends in the same state. All reject with the signal's reason on abort.
 */
export interface Mover<C extends Capture = Capture, P extends Copy = Copy> {
  readonly kind: ResourceKind;
  /** Fixes the content at the cut, quickly: a snapshot, an image's record, a container's listing. */
  capture(resource: ResourceRef, session: SessionContext): Promise<C>;
  /** Ships what the secondary lacks, repairs what `previous.damage` names, marker of completeness last. */
  ship(capture: C, previous: Previous<P> | null, session: SessionContext): Promise<P>;
  /** Reads the secondary only. Damage is a finding; what could not be asked throws. */
  verify(copy: P, depth: Depth, at: TargetContext): Promise<Verification>;
  /**
   * Reads again, to the last byte, all that the copies depend on, each stored thing once however many
   * copies share it, in an order that stays the same while copies come and go. `after` is the `upTo` of
   * a scrub that was broken off; the empty text: from the beginning. Reads the secondary only.
   */
  scrub(copies: readonly P[], after: string, at: TargetContext): AsyncIterable<Scrubbed<P>>;
  /**
   * What of the secondary, as it is now, would keep the copies from being restored together: names that
   * are taken, types that are not there, quotas. Nothing is changed; a restore may meet more.
   */
  obstacles(
    copies: readonly P[],
    order: RestorePlan,
    at: TargetContext,
  ): Promise<readonly Obstacle[]>;
  restore(copy: P, order: RestoreOrder, at: TargetContext): Promise<Restored>;
  /** Compares what was restored, byte for byte wherever the bytes can be read. */
  check(copy: P, restored: Restored, order: RestoreOrder, at: TargetContext): Promise<ContentCheck>;
  /** Deletes what a drill restored, and what a broken-off restore of it left. */
  discard(copy: P, order: RestoreOrder, at: TargetContext): Promise<void>;
  /** Lists by asking the services, not the journal, what still carries the scratch mark. */
  inventory(scratch: string, at: TargetContext): Promise<readonly string[]>;
  /** Deletes from the secondary what only the dropped copies need. `kept` are all others of the group. */
  expire(dropped: readonly P[], kept: readonly P[], at: TargetContext): Promise<void>;
  /** Deletes from the primary what the next session does not need: snapshots, superseded backups, spools. */
  tidy(copy: P, session: SessionContext): Promise<void>;
  /**
   * Deletes what requests of the execution made after it had ended, or so late that it did not hear of it:
   * of a drill everything that bears its mark, of a failover only what it never knew of and users never had.
   */
  sweepExecution(ended: EndedExecution, at: RegionContext): Promise<Swept>;
  /** Deletes from a primary what no group's session tidies any more; see SourceSweep. */
  sweep(sweep: SourceSweep): Promise<Swept>;
}

/** By name of the kind. */
export type Movers = Readonly<Record<ResourceKind, Mover>>;

/** Throws `kind.unknown`. Which captures and copies a mover takes follows from the kind. */
export function moverOf(movers: Movers, kind: ResourceKind): Mover {
  const mover = Object.hasOwn(movers, kind) ? movers[kind] : undefined;
  if (mover !== undefined) return mover;
  throw new FarshoreError(`this release has no mover for the kind of resource ${kind}`, {
    code: 'kind.unknown',
    kind: 'permanent',
    operation: 'move resource',
    subject: kind,
    hint: 'a newer release may know it: run that one',
  });
}
