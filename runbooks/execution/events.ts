import type { StepSpec } from '../plan.ts';

/** What a step found out about the execution as a whole. `rtoSeconds: null`: it was not reached. */
export interface Facts {
  readonly generation?: number;
  readonly point?: string;
  readonly rpoSeconds?: number;
  readonly lacks?: number;
  readonly rtoSeconds?: number | null;
}

interface StepFailure {
  readonly code: string;
  readonly message: string;
}

/** How an attempt ended. `output` is plain JSON. */
export type Outcome =
  | {
      readonly state: 'done' | 'unchecked';
      readonly output?: unknown;
      readonly notes: readonly string[];
      readonly facts?: Facts;
      /** Steps that became known by this one. */
      readonly added?: readonly StepSpec[];
    }
  | {
      readonly state: 'failed';
      readonly error: StepFailure;
      /** Another attempt can help. */
      readonly isTransient: boolean;
      /** The evidence, as far as it got. */
      readonly output?: unknown;
      readonly notes: readonly string[];
    };

/** All that can happen to an execution; `at` in RFC 3339. */
export type ExecutionEvent =
  /** A process takes it up: for the first time, or after the one before it ended. */
  | { readonly type: 'taken-up'; readonly at: string }
  | {
      readonly type: 'step-ended';
      readonly at: string;
      readonly step: string;
      readonly outcome: Outcome;
    }
  | {
      readonly type: 'step-remembered';
      readonly at: string;
      readonly step: string;
      readonly key: string;
      readonly value: string;
    }
  | {
      readonly type: 'approved';
      readonly at: string;
      readonly step: string;
      readonly reason?: string;
    }
  | { readonly type: 'cancelled'; readonly at: string; readonly reason: string }
  | {
      readonly type: 'retried';
      readonly at: string;
      /** What the chosen point added was not begun, and goes: it is chosen again. */
      readonly choosesAnew?: boolean;
    };

/** What the shell must do, after the state that announces it was saved. Doing it twice is harmless. */
export type Effect =
  /** One attempt, `failures` transient ones before it: wait accordingly, then run. */
  | { readonly type: 'run'; readonly step: string; readonly failures: number }
  | { readonly type: 'abort'; readonly step: string; readonly reason: string }
  /** Came to an end that only an order changes: for metrics. */
  | { readonly type: 'settled'; readonly step: string }
  | { readonly type: 'ended' };
