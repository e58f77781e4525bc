import type { z } from 'zod';
import type { Ambient } from '../kernel/ambient.ts';
import type { ProjectScope } from '../regions/region.ts';
import type { Bank } from './bank/bank.ts';
import type {
  Capture,
  Copy,
  Finding,
  Mappings,
  Mover,
  ResourceKind,
  ResourceRef,
  Source,
} from './mover.ts';

/**
 * All that Farshore knows of one kind of resource. A folder exports one, `kinds.ts` lists it, and
 * nothing else names it: documents, API, sessions, points, retention, runbooks and metrics go by the
 * list. What a kind has nothing of it says in so many words: no member is optional.
 */
export interface Kind<
  C extends Capture = Capture,
  P extends Copy = Copy,
  F extends Candidate = Candidate,
> {
  /** In documents, records, metrics, the API: `volume`. Never changed: points bear it. */
  readonly name: ResourceKind;
  /** Chooses many in a group's members: `volumes`. */
  readonly plural: string;
  /** Kinds whose things its own may be built on: those are deleted after its own. Restoring goes by `needs`. */
  readonly after: readonly ResourceKind[];
  /** What a policy can say of it, under its plural, with defaults for all of it; null: nothing. */
  readonly options: z.ZodType | null;
  /** Mappings that a group's document can hold under `target`, with what each is for. */
  readonly mappings: Readonly<Record<string, string>>;
  /** Where comparing what was restored costs so much that an order may do without; null: it does not. */
  readonly costlyCheck: CostlyCheck | null;
  readonly mover: (deps: MoverDeps) => Mover<C, P>;
  readonly schema: {
    readonly capture: z.ZodType<C>;
    /** Strict: a field that it does not know is refused. */
    readonly copy: z.ZodType<P>;
    /** Format numbers of copies that `copy` reads; the last is the one that is written. */
    readonly formats: readonly number[];
  };
  /** Resources, by resourceKey, whose restored ids restoring this one needs: a server's volumes. */
  needs(copy: P): readonly string[];
  /** Names in the bank of all catalogs that restoring or checking the copy reads. */
  catalogs(copy: P): readonly string[];
  /** What the stored bytes are, as JSON: equal for two copies means the very same stored objects. */
  identity(copy: P): unknown;
  /**
   * Stable names of what the copy depends on in the secondary, its catalogs apart, so that damage of
   * one is known of every point that has it: `backup/<id>`. As few as there are things that fail alone.
   * The subject of a finding about one of them has what follows the slash in it.
   */
  storedThings(copy: P): readonly string[];
  /**
   * Which of these things, that findings name as `stored`, the copy refers to, and what they are to it; at
   * most the first 1,000. For what is too much for `storedThings`: catalogs are read, as streams.
   */
  refersTo(
    copy: P,
    stored: ReadonlySet<string>,
    at: CatalogReader,
  ): Promise<readonly StoredReference[]>;
  /**
   * Whether a copy in which this was found can be restored all the same, without what is damaged. The findings
   * are those that are kept; there may be more.
   */
  survives(damage: readonly Finding[]): boolean;
  /**
   * Which share of the resource was removed or rewritten between two copies, from 0 to 1; 0 where
   * nothing can be told. `sent`: what was sent and copied for the second.
   */
  changedShare(before: P, after: P, sent: { readonly objects: number }): number;
  /** Finds its resources where the group's members live. */
  find(at: FindContext): Finder<F>;
  /** What would keep them from being protected there, as faults of the document. Nothing is changed. */
  preflight(found: readonly F[], at: PreflightContext): Promise<readonly DocumentFault[]>;
  /**
   * Keeps clients of the old primary from writing what nobody will recover. Repeated after a kill it
   * ends the same: what was there before is remembered before anything is changed.
   */
  fence(resource: ResourceRef, at: FenceContext): Promise<Fence>;
  /** Sets back what `fence` found there. Harmless when repeated, and where the resource is gone. */
  unfence(resource: ResourceRef, former: Former, at: UnfenceContext): Promise<void>;
}

export interface CatalogReader {
  readonly bank: Pick<Bank, 'readCatalog'>;
  readonly signal: AbortSignal;
}

export interface StoredReference {
  readonly stored: string;
  /** As a finding names it to the operator. */
  readonly subject: string;
}

export interface CostlyCheck {
  /** Parameter of an order: "none" does without. */
  readonly param: string;
  /** Its other value, and how it is compared. */
  readonly how: string;
  readonly description: string;
}

export interface MoverDeps {
  readonly ambient: Ambient;
  /** The process's own directory for what this kind lets wait; made when it is first needed. */
  readonly spoolDir: string;
}

/** A resource as its service shows it now, with what choosing and refusing needs. */
export interface Candidate {
  readonly id: string;
  readonly name: string;
  /** Why it cannot be protected; null when it can. */
  readonly obstacle: string | null;
}

export interface Selector {
  /** `*` and `?` as in a shell, on the name. */
  readonly namePattern?: string;
  /** Every pair must be there. */
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface Finder<F extends Candidate = Candidate> {
  /** Null too for a text that can be no id of this kind. */
  byId(id: string, signal: AbortSignal): Promise<F | null>;
  /** Of a kind whose id is the name: none, since who asks by id has asked. */
  byName(name: string, signal: AbortSignal): AsyncIterable<F>;
  /** Never what Farshore made itself, nor what is going away. */
  matching(selector: Selector, signal: AbortSignal): AsyncIterable<F>;
}

export interface FindContext {
  readonly source: Source;
  /** Containers that Farshore and Cinder keep their data in. */
  readonly ownContainers: ReadonlySet<string>;
}

export interface PreflightContext {
  readonly group: string;
  readonly source: ProjectScope;
  readonly target: ProjectScope;
  readonly sharedSwift: boolean;
  readonly mappings: Mappings;
  readonly signal: AbortSignal;
}

/** What is wrong in a group's document, with the path of the field: `target.project`. */
export interface DocumentFault {
  readonly path: string;
  readonly message: string;
}

/**
 * `fenced`: new writes are refused. `partly`: some are. `not-needed`: there is nothing that could be
 * written. `refused`: it answered and would not. `unreachable`: it did not answer in time.
 */
export interface Fence {
  readonly state: 'fenced' | 'partly' | 'refused' | 'unreachable' | 'not-needed';
  readonly detail: string;
  /** What was there before, to be set again by hand or on the way back; null: it was not set. */
  readonly former?: Former;
}

export type Former = Readonly<Record<string, string | boolean | null>>;

export interface UnfenceContext {
  /** Where the resource lives: the primary as it was before the failover. */
  readonly source: Source;
  readonly signal: AbortSignal;
}

export interface FenceContext extends UnfenceContext {
  /** Both regions share one Swift cluster: what lies in it is the recovered data too. */
  readonly sharedSwift: boolean;
  /** Gives the values of the first attempt, which are durable when it resolves. */
  readonly remember: (found: Former) => Promise<Former>;
}

/** Of a resource that is not there any more. */
export const nothingToFence: Fence = {
  state: 'not-needed',
  detail: 'it does not exist there any more',
};
