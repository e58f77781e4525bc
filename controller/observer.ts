import type { RequestEvent } from '../regions/http/request-event.ts';
import type { ResourceKind } from '../replicator/mover.ts';
import type { SessionPhase } from '../replicator/session/types.ts';
import type { ExecutionMode, ExecutionResult, StepState } from '../runbooks/execution/types.ts';
import type { StoreRequest } from './mirror/heard-store.ts';

/** `moved` crossed the link, `copied` stayed inside the secondary, `present` was there already. */
export type MoveResult = 'moved' | 'copied' | 'present';

/**
 * Hears what happens, for metrics. Called in the middle of the work: it must not throw, wait or
 * keep what it is given. Everything that can be counted anew from the state (RPO, points) is not
 * told here; whoever shows it asks the ControllerService.
 */
export interface Observer {
  /** Of one run of a session, in this process. */
  sessionEnded(event: {
    readonly group: string;
    readonly result: Extract<SessionPhase, 'done' | 'failed' | 'superseded'>;
    readonly seconds: number;
  }): void;
  moved(event: {
    readonly group: string;
    readonly kind: ResourceKind;
    readonly result: MoveResult;
    readonly bytes: number;
    readonly objects: number;
  }): void;
  /** Known to be left to ship in the session under way; 0 when it ended. */
  backlog(event: { readonly group: string; readonly bytes: number }): void;
  stepEnded(event: {
    readonly mode: ExecutionMode;
    /** The step's type, not its id: a bounded set. */
    readonly step: string;
    readonly state: StepState;
    readonly seconds: number;
  }): void;
  executionEnded(event: {
    readonly mode: ExecutionMode;
    readonly result: ExecutionResult;
    readonly group: string;
  }): void;
  request(event: RequestEvent): void;
  /** To the state store, whatever comes of it. */
  storeRequest(request: StoreRequest): void;
}

export const silentObserver: Observer = Object.freeze({
  sessionEnded: () => undefined,
  moved: () => undefined,
  backlog: () => undefined,
  stepEnded: () => undefined,
  executionEnded: () => undefined,
  request: () => undefined,
  storeRequest: () => undefined,
});
