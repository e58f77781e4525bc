import type { Ambient } from '../../kernel/ambient.ts';
import { isAbort } from '../../kernel/errors.ts';

const everyMs = 60_000;

/** Work that is looked for every minute, in the background, from `start` to `stop`. */
export abstract class Recurring {
  readonly #ambient: Ambient;
  readonly #failing: string;
  readonly #stopping = new AbortController();
  #work: Promise<void> = Promise.resolve();

  /** `failing`: what the log says when a look fails; the next one is made all the same. */
  constructor(ambient: Ambient, failing: string) {
    this.#ambient = ambient;
    this.#failing = failing;
  }

  /** Everything that is due, once. */
  abstract look(signal: AbortSignal): Promise<void>;

  start(): void {
    this.#work = this.#go(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#work;
  }

  async #go(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#ambient;
    for (;;) {
      try {
        await clock.sleep(everyMs, signal);
        await this.look(signal);
      } catch (error) {
        if (signal.aborted || isAbort(error)) return;
        log.warn(this.#failing, { error });
      }
    }
  }
}

/** What was looked at rests, twice as long each time: a minute at first. */
export class Rests {
  readonly #clock: Ambient['clock'];
  readonly #longestMs: number;
  /** When it is over, by the monotonic clock, and how long it is. */
  readonly #all = new Map<string, { readonly untilMs: number; readonly restMs: number }>();

  constructor(clock: Ambient['clock'], longestMs: number) {
    this.#clock = clock;
    this.#longestMs = longestMs;
  }

  isResting(id: string): boolean {
    return (this.#all.get(id)?.untilMs ?? -Infinity) > this.#clock.monotonicMs();
  }

  rest(id: string): void {
    const restMs = Math.min(this.#longestMs, (this.#all.get(id)?.restMs ?? everyMs / 2) * 2);
    this.#all.set(id, { untilMs: this.#clock.monotonicMs() + restMs, restMs });
  }

  /** As long as this process lives. */
  restForGood(id: string): void {
    this.#all.set(id, { untilMs: Infinity, restMs: this.#longestMs });
  }

  forgetAllBut(there: ReadonlySet<string>): void {
    for (const id of this.#all.keys()) if (!there.has(id)) this.#all.delete(id);
  }
}
