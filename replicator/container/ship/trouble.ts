import { FarshoreError } from '../../../kernel/errors.ts';

/** So many failures in a row, and no success between, are no fault of single objects. */
const mostInARow = 100;
/** Nothing else would go any better. */
const systemic = [
  'region.unauthorized',
  'region.tls-failed',
  'region.service-missing',
  'object-store.quota-exceeded',
];

/**
 * Tells a failure of one object, which is isolated, from one of a service, which ends the work on the
 * container: the session's own patience decides then.
 */
export class Trouble {
  #inARow = 0;
  #hasSucceeded = false;

  succeeded(): void {
    this.#inARow = 0;
    this.#hasSucceeded = true;
  }

  /** Returns the error when it may be the object's own; throws it when it is not. */
  isolated(error: unknown): FarshoreError {
    if (!(error instanceof FarshoreError) || error.kind === 'fatal') throw error;
    if (systemic.includes(error.code)) throw error;
    this.#inARow += 1;
    if (this.#inARow >= mostInARow || (!this.#hasSucceeded && this.#inARow >= mostInARow / 2))
      throw error;
    return error;
  }
}
