import type { Ambient } from '../../kernel/ambient.ts';
import type { Control } from '../control.ts';
import type { Plan } from '../plan.ts';
import type { Step } from '../steps/step.ts';
import type { ExecutionClaims, Turns } from './claims.ts';
import type {
  ExecutionJournal,
  ExecutionMode,
  ExecutionResult,
  OrderBook,
  StepState,
} from './types.ts';

/** For metrics. Called in the middle of the work: they must not throw or wait. */
export interface RunnerHooks {
  /** A step came to an end that only an order changes. Seconds from its first start, pauses included. */
  onStep?(event: {
    readonly group: string;
    readonly mode: ExecutionMode;
    readonly type: string;
    readonly result: StepState;
    readonly seconds: number;
  }): void;
  /** Not of dry runs. */
  onEnd?(event: {
    readonly group: string;
    readonly mode: ExecutionMode;
    readonly result: ExecutionResult;
  }): void;
}

interface RunnerLimits {
  /** Steps of one type at once where the order does not say `parallel`. */
  readonly parallel: number;
}

/** What every execution of a runner shares. */
export interface RunnerParts {
  readonly control: Control;
  readonly journal: ExecutionJournal;
  readonly orders: OrderBook;
  readonly claims: ExecutionClaims;
  readonly turns: Turns;
  readonly ambient: Ambient;
  readonly limits: RunnerLimits;
  readonly hooks: RunnerHooks;
  readonly plans: ReadonlyMap<string, Plan>;
  readonly steps: ReadonlyMap<string, Step>;
}
