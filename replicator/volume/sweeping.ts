import type { Ambient } from '../../kernel/ambient.ts';
import { describeError } from '../../kernel/errors.ts';
import type { Swept } from '../mover.ts';

/** A sweep under way: what cannot be deleted is said, left, and keeps nobody from the rest. */
export class Sweeping {
  readonly #deleted: string[] = [];
  readonly #left: string[] = [];
  readonly #ambient: Ambient;
  readonly #signal: AbortSignal;
  readonly #failing: string;

  constructor(ambient: Ambient, signal: AbortSignal, failing: string) {
    this.#ambient = ambient;
    this.#signal = signal;
    this.#failing = failing;
  }

  /** `work` gives false where it left the thing alone. */
  async attempt(what: string, work: () => Promise<boolean>): Promise<void> {
    try {
      if (await work()) this.#deleted.push(what);
      else this.#left.push(what);
    } catch (error) {
      this.#signal.throwIfAborted();
      this.#ambient.log.warn(this.#failing, { what, why: describeError(error) });
      this.#left.push(what);
    }
  }

  get swept(): Swept {
    return { deleted: this.#deleted, left: this.#left };
  }
}
