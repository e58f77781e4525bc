import type { Ambient } from '../../kernel/ambient.ts';
import type { Progress } from '../../kernel/progress.ts';
import type { Memo } from '../../replicator/mover.ts';
import type { PointManifest } from '../../replicator/point/types.ts';
import type { Control } from '../control.ts';
import type { Outcome } from '../execution/events.ts';
import type { Execution, StepRecord } from '../execution/types.ts';
import type { StepSpec } from '../plan.ts';

/** All that one attempt of a step may touch. */
export interface StepContext {
  /** As it was when the attempt began; the step's needs are settled in it. */
  readonly execution: Execution;
  readonly step: StepRecord;
  readonly control: Control;
  readonly ambient: Ambient;
  /** Durable before `set` resolves; kept over crashes, retries and orders to run the step again. */
  readonly memo: Memo;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** For the operator and the report: one line. Those of an attempt that is repeated are dropped. */
  readonly note: (text: string) => void;
  /** Of a point of the group; read once a process, for all steps. */
  manifest(point: string): Promise<PointManifest>;
  /** The steps that the plan adds for a point. */
  expand(manifest: PointManifest): readonly StepSpec[];
}

/** What a step gives back; its notes and the transience of a failure are the executor's matter. */
export type StepResult =
  | Omit<Extract<Outcome, { readonly state: 'done' | 'unchecked' }>, 'notes'>
  /** A finding with its evidence. What went wrong on the way to it is thrown instead. */
  | Omit<Extract<Outcome, { readonly state: 'failed' }>, 'notes' | 'isTransient'>;

/**
 * One kind of step. Idempotent: run again after a crash at any point of it, with the same execution
 * and its memo, it goes on and ends in the same state. A thrown transient FarshoreError is answered
 * by another attempt, any other ends the step. Rejects on abort.
 */
export interface Step {
  readonly type: string;
  run(context: StepContext): Promise<StepResult>;
}
