import type { Clock } from '../../kernel/clock.ts';
import type { Mirror } from './mirror.ts';
import type { OwnWrites } from './own-writes.ts';

type AnyMirror = Pick<
  Mirror<unknown, unknown>,
  'start' | 'stop' | 'ready' | 'prefix' | 'revision' | 'isFilled' | 'outOfStepMs' | 'reach' | 'get'
>;

/** How long a reader waits for its own write to come back; after that it is shown what there is. */
const patienceMs = 2_000;

/** The mirrors that are read together: how far they are, as one. */
export class MirrorSet {
  readonly #mirrors: readonly AnyMirror[];
  readonly #writes: OwnWrites;
  readonly #clock: Clock;

  constructor(mirrors: readonly AnyMirror[], writes: OwnWrites, clock: Clock) {
    this.#mirrors = mirrors;
    this.#writes = writes;
    this.#clock = clock;
  }

  /** Resolves when all of them have their first list; waits for a store that does not answer. */
  async start(): Promise<void> {
    for (const mirror of this.#mirrors) mirror.start();
    await Promise.all(this.#mirrors.map(({ ready }) => ready));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#mirrors.map((mirror) => mirror.stop()));
  }

  /** False until each of them holds the whole of its part. */
  get isFilled(): boolean {
    return this.#mirrors.every((mirror) => mirror.isFilled);
  }

  /** Whether those of the prefixes show everything up to the revision, which wrote below each of them. */
  hasReached(revision: number, prefixes: readonly string[]): boolean {
    return prefixes.every((prefix) =>
      this.#mirrors.some((mirror) => mirror.prefix === prefix && mirror.revision >= revision),
    );
  }

  /** How old what they show may be, for all that this process knows; 0: as new as can be. */
  get staleMs(): number {
    const lagMs = this.lagMs;
    return Math.max(
      lagMs > patienceMs ? lagMs : 0,
      ...this.#mirrors.map((each) => each.outOfStepMs),
    );
  }

  /** How long ago the first write of this process was made that they do not show yet. */
  get lagMs(): number {
    return Math.max(
      ...this.#mirrors.map((mirror) =>
        this.#writes.lagMs(mirror.prefix, mirror.revision, holdsOf(mirror)),
      ),
    );
  }

  /** Waits until they show what this process wrote before, for 2 s at most. */
  async catchUp(): Promise<void> {
    const behind = this.#mirrors.flatMap((mirror) => {
      const newest = this.#writes.newest(mirror.prefix, holdsOf(mirror));
      return mirror.revision < newest ? [{ mirror, newest }] : [];
    });
    if (behind.length === 0) return;
    const over = new AbortController();
    const patience = this.#clock.sleep(patienceMs, over.signal);
    const caughtUp = Promise.all(
      behind.map(({ mirror, newest }) => mirror.reach(newest, over.signal)),
    );
    await Promise.race([caughtUp, patience]);
    over.abort();
    // Whichever was not first ends by the abort, which is no failure.
    await Promise.allSettled([caughtUp, patience]);
  }
}

function holdsOf(mirror: AnyMirror): (path: string) => boolean {
  return (path) => mirror.get({ path }) !== undefined;
}
