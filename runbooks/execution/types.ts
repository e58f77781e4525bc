export const executionModes = ['drill', 'failover'] as const;

/** `failover` is for an outage: what the primary did since the newest proven point is lost. */
export type ExecutionMode = (typeof executionModes)[number];

export type StepState =
  'pending' | 'running' | 'waiting' | 'done' | 'failed' | 'skipped' | 'unchecked';

/**
 * `unchecked`: everything was done but something could not be verified, which is not a success.
 * `partial`: what could be recovered was, and something could not: the report names it.
 * `cancelled`: an operator ended it; what it had made of a drill is cleaned up.
 */
export type ExecutionResult = 'succeeded' | 'unchecked' | 'partial' | 'failed' | 'cancelled';

export interface StepRecord {
  /** Unique in the execution: `restore:volume/5f0c…`. */
  readonly id: string;
  /** Which kind of step, one file each in steps/. */
  readonly type: string;
  /** A person's words: `restore volume data`. */
  readonly title: string;
  /** Ids; `check:*` stands for every step whose id begins with `check:`. */
  readonly needs: readonly string[];
  readonly params: Readonly<Record<string, unknown>>;
  /** Runs whatever happened to those before it: cleaning up. */
  readonly always: boolean;
  /** Of one attempt; absent: none. */
  readonly timeoutSeconds?: number;
  /** How often a transient failure is answered by another attempt; absent: never. */
  readonly retries?: number;
  /** What a person must approve before the step starts. */
  readonly gate?: string;
  /** Who approves must say why: it is kept, and goes into the report. */
  readonly approvalNeedsReason?: boolean;
  /** When it came to its gate. */
  readonly heldAt?: string;
  readonly approvedAt?: string;
  readonly approvalReason?: string;
  readonly state: StepState;
  /** Every start, those after a crash included. */
  readonly attempts: number;
  /** Transient failures since the last order; absent: 0. */
  readonly failures?: number;
  readonly startedAt?: string;
  readonly endedAt?: string;
  /** What the step found or made; later steps read it. */
  readonly output?: unknown;
  /** The step's durable memory across crashes, see Memo. */
  readonly memo: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
  readonly error?: { readonly code: string; readonly message: string };
}

export interface Execution {
  readonly id: string;
  readonly runbook: string;
  /** Of the plan that it was started with. */
  readonly runbookVersion?: number;
  readonly group: string;
  readonly mode: ExecutionMode;
  readonly dryRun: boolean;
  readonly params: Readonly<Record<string, unknown>>;
  readonly state: 'running' | 'waiting' | 'ended';
  readonly result?: ExecutionResult;
  /** When the outage was declared, from which RTO counts: the order's acceptance. */
  readonly declaredAt: string;
  /** RFC 3339: when it was last taken up again after it had ended. */
  readonly retriedAt?: string;
  readonly endedAt?: string;
  readonly cancelRequested: boolean;
  readonly generation: number;
  readonly point?: string;
  /** Declaration minus the data time of the oldest copy that was used; absent: no time can be true. */
  readonly rpoSeconds?: number;
  /** Resources of the group that could not be recovered from any copy that was to be used. */
  readonly lacks?: number;
  readonly rpoObjectiveSeconds: number;
  /** Declaration to the last verified step. */
  readonly rtoSeconds?: number;
  readonly rtoObjectiveSeconds: number;
  readonly steps: readonly StepRecord[];
  /** Counts every change; also the id of its events. */
  readonly version: number;
}

/** What is known of an execution that has not ended without reading it. */
export interface Unfinished {
  readonly id: string;
  readonly group: string;
  readonly mode: ExecutionMode;
  /** Where it should be carried out: near the data that it restores, then elsewhere. */
  readonly regions: readonly string[];
}

/** What an operator, or a failover, wants of an execution that is under way. */
export type Instruction =
  | { readonly type: 'cancelled'; readonly reason: string }
  | { readonly type: 'approved'; readonly step: string; readonly reason?: string };

/** A instruction that stands until the controller that carries the execution out has taken it. */
export interface StandingOrder {
  readonly id: string;
  readonly instruction: Instruction;
  /** RFC 3339, by the clock of who gave it. */
  readonly at: string;
}

/** Something that an auditor must find again, kept for ever. */
export interface AuditNote {
  /** RFC 3339. */
  readonly at: string;
  readonly action: string;
  readonly subject: string;
  readonly reason: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** One request of a client, however often it is sent. */
export interface RequestTie {
  readonly key: string;
  /** Plain JSON: the same key with anything else is refused. */
  readonly order: unknown;
}

/**
 * Called with the group's other unfinished executions, of which none comes or goes between this and
 * the commit. Throws when there is no room beside them; gives what those that must yield are told.
 */
export type Admit = (
  others: readonly Unfinished[],
) => readonly { readonly execution: string; readonly order: StandingOrder }[];

export interface Admission {
  /** Where it should be carried out, see `Unfinished`. */
  readonly regions: readonly string[];
  readonly admit: Admit;
}

/** What is committed with a saved state. */
export interface SavedWith {
  /** Ids of the orders that this state follows from: they stand no more. */
  readonly orders?: readonly string[];
  readonly audit?: readonly AuditNote[];
}

/**
 * Where executions live, for all controllers. Each change is one transaction: it happened whole or
 * not at all. `save` is for who holds the execution's claim, the others for anybody.
 */
export interface ExecutionJournal {
  /**
   * Gives the execution that stands: the one given, or that which an earlier request of the same key
   * created. Throws what `admit` throws, and `request.key-reused`.
   */
  create(
    execution: Execution,
    admission: Admission,
    options?: { readonly request?: RequestTie | undefined; readonly audit?: readonly AuditNote[] },
  ): Promise<Execution>;
  /** What an earlier request of the same key created, or null. Throws `request.key-reused`. */
  requested(request: RequestTie): Promise<Execution | null>;
  /** An ended execution that goes on: among the unfinished again, as `create` brought it there. */
  reopen(execution: Execution, admission: Admission): Promise<void>;
  load(id: string): Promise<Execution | null>;
  /**
   * Resolves when it is on disk. Refuses a version that is not the next, unless that very state is
   * there already; throws `claim.lost` where another may carry the execution out.
   */
  save(execution: Execution, saved?: SavedWith): Promise<void>;
  /** Newest first. */
  list(filter?: {
    readonly group?: string;
    readonly unfinished?: boolean;
  }): Promise<readonly Execution[]>;
  /** All that have not ended: at first, and whenever one comes or goes. Ends when `signal` aborts. */
  unfinished(signal: AbortSignal): AsyncIterable<readonly Unfinished[]>;
  /** The execution as it is, then each saved state, until it has ended or `signal` aborts. */
  follow(id: string, signal: AbortSignal): AsyncIterable<Execution>;
}

/** Orders to executions, from any controller to the one that carries the execution out. */
export interface OrderBook {
  /** Throws `execution.ended` where nobody would ever take it. */
  place(execution: Pick<Execution, 'id' | 'group'>, order: StandingOrder): Promise<void>;
  /** Those that stand: at first, and whenever one comes or goes. Ends when `signal` aborts. */
  standing(execution: string, signal: AbortSignal): AsyncIterable<readonly StandingOrder[]>;
  /** Takes one away that has no effect; for who holds the execution's claim. */
  dismiss(execution: string, order: string): Promise<void>;
  /** Resolves when an order that was placed stands no more; rejects when `signal` aborts before. */
  settled(execution: string, order: string, signal: AbortSignal): Promise<void>;
}
