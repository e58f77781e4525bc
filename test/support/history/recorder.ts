import type { Clock } from '../../../kernel/clock.ts';
import type { Action, Operation, Outcome } from './operation.ts';

/** Of a call that threw, as the contract under test promises for its errors. */
export type Classify = (error: unknown) => 'refused' | 'unknown';

/** All calls of all clients, in the order in which they ended. */
export class History {
  readonly operations: Operation[] = [];
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #classify: Classify;

  /** `classify` throws what is no answer at all but a fault of the test. */
  constructor(clock: Pick<Clock, 'monotonicMs'>, classify: Classify) {
    this.#clock = clock;
    this.#classify = classify;
  }

  /** Makes the call and notes it, whatever comes of it. */
  async record(
    client: string,
    key: string,
    action: Action,
    call: () => Promise<Outcome>,
  ): Promise<Outcome> {
    const invokedMs = this.#clock.monotonicMs();
    const outcome = await call().catch((error: unknown): Outcome => ({
      type: this.#classify(error),
    }));
    const endedMs = this.#clock.monotonicMs();
    this.operations.push({ client, key, action, outcome, invokedMs, endedMs });
    return outcome;
  }
}
