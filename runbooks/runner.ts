import type { ProgressSnapshot } from '../replicator/session/meter.ts';
import type { Execution, ExecutionMode } from './execution/types.ts';

export interface ExecutionOrder {
  /** `drill` or `failover`: the built-in plans. */
  readonly runbook: string;
  readonly group: string;
  readonly mode: ExecutionMode;
  readonly dryRun: boolean;
  /** Checked against the plan's parameters: `point`, `verifyVolumes`, … */
  readonly params: Readonly<Record<string, unknown>>;
  /** The client's name for this very request: sent again, it gets the same execution. */
  readonly requestKey?: string;
}

/** Carries out runbooks; what the API and the command line call. */
export interface Runner {
  /**
   * Takes up the unfinished executions whose turn it is here, and from then on each that comes or
   * that another process gave up. Resolves when the first of them are under way.
   */
  begin(): Promise<void>;
  /**
   * Checks the order and commits the execution before it answers; whoever's turn it is carries it
   * out. Throws `execution.conflict`, `request.key-reused`, and all that is wrong with the order.
   */
  start(order: ExecutionOrder): Promise<Execution>;
  /**
   * Answers when whoever carries the execution out has taken the order. `execution.not-under-way`:
   * nobody did in time; the order stands.
   */
  cancel(id: string): Promise<Execution>;
  /** Has the failed steps of an ended execution run again; answers when that is committed. */
  retry(id: string): Promise<Execution>;
  /** Passes a gate. Some ask for a reason: `approval.invalid` without. */
  approve(id: string, step: string, reason?: string): Promise<Execution>;
  /**
   * The execution as it is, then each saved state until it has ended, wherever it is carried out.
   * Ends without an error when `signal` aborts or the runner stops.
   */
  watch(id: string, signal: AbortSignal): AsyncIterable<Execution>;
  /** Of the steps that run in this process; of others it is not known. */
  progress(id: string): Readonly<Record<string, ProgressSnapshot>>;
  /** Stops taking steps and waits for those under way to end or abort; they go on in another process, or at the next start. */
  stop(): Promise<void>;
}
