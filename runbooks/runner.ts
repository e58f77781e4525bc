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
}

/** Carries out runbooks; what the API and the command line call. */
export interface Runner {
  /** Checks the order and commits the execution before it answers; the work goes on in the background. */
  start(order: ExecutionOrder): Promise<Execution>;
  /** Takes up every unfinished execution; called once when the process starts. */
  resumeAll(): Promise<void>;
  cancel(id: string): Promise<Execution>;
  /** Runs the failed steps of an ended execution again. */
  retry(id: string): Promise<Execution>;
  /** Passes a gate. Some ask for a reason: `approval.invalid` without. */
  approve(id: string, step: string, reason?: string): Promise<Execution>;
  /**
   * The execution as it is, then each saved state until it has ended; a watcher that is 1,000 states
   * behind loses the oldest of them. Ends without an error when `signal` aborts or the runner stops.
   */
  watch(id: string, signal: AbortSignal): AsyncIterable<Execution>;
  progress(id: string): Readonly<Record<string, ProgressSnapshot>>;
  /** Stops taking steps and waits for those under way to end or abort; they go on at the next start. */
  stop(): Promise<void>;
}
