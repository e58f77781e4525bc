/** `failover` is for an outage: what the primary did since the newest proven point is lost. */
export type ExecutionMode = 'drill' | 'failover';

export type StepState =
  'pending' | 'running' | 'waiting' | 'done' | 'failed' | 'skipped' | 'unchecked';

/**
 * `unchecked`: everything was done but something could not be verified, which is not a success.
 * `cancelled`: an operator ended it; what it had made of a drill is cleaned up.
 */
export type ExecutionResult = 'succeeded' | 'unchecked' | 'failed' | 'cancelled';

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
  readonly endedAt?: string;
  readonly cancelRequested: boolean;
  readonly generation: number;
  readonly point?: string;
  /** Declaration minus the data time of the point that was used. */
  readonly rpoSeconds?: number;
  readonly rpoObjectiveSeconds: number;
  /** Declaration to the last verified step. */
  readonly rtoSeconds?: number;
  readonly rtoObjectiveSeconds: number;
  readonly steps: readonly StepRecord[];
  /** Counts every change; also the id of its events. */
  readonly version: number;
}

/** Where executions live. `save` resolves when it is on disk and refuses a version that is not the next. */
export interface ExecutionJournal {
  create(execution: Execution): Promise<void>;
  load(id: string): Promise<Execution | null>;
  save(execution: Execution): Promise<void>;
  /** Newest first. */
  list(filter?: {
    readonly group?: string;
    readonly unfinished?: boolean;
  }): Promise<readonly Execution[]>;
}
