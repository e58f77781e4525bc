import type { Clock } from '../../kernel/clock.ts';
import type { Progress, Waiting } from '../../kernel/progress.ts';

export interface ProgressSnapshot {
  readonly expectedBytes: number;
  readonly expectedObjects: number;
  readonly movedBytes: number;
  readonly movedObjects: number;
  readonly copiedBytes: number;
  readonly copiedObjects: number;
  readonly presentBytes: number;
  readonly presentObjects: number;
  readonly elapsedSeconds: number;
  /** Over the whole time. */
  readonly bytesPerSecond: number;
  /** Null while nothing can be said. */
  readonly secondsLeft: number | null;
  /** What Cinder or Glance is at work on, which shows no bytes until it is done. */
  readonly waiting: readonly (Waiting & { readonly subject: string })[];
}

type Work = Parameters<Progress['moved']>[0];
interface Sum {
  bytes: number;
  objects: number;
}

/** Adds up progress; `onMoved` hears every movement, for counters. */
export class Meter implements Progress {
  readonly #clock: Clock;
  readonly #onMoved: (work: Work) => void;
  readonly #startMs: number;
  readonly #waiting = new Map<string, Waiting>();
  readonly #sums = { expected: zero(), moved: zero(), copied: zero(), present: zero() };

  constructor(clock: Clock, onMoved: (work: Work) => void = () => undefined) {
    this.#clock = clock;
    this.#onMoved = onMoved;
    this.#startMs = clock.monotonicMs();
  }

  expect(work: Work): void {
    add(this.#sums.expected, work);
  }

  moved(work: Work): void {
    add(this.#sums.moved, work);
    this.#onMoved(work);
  }

  copied(work: Work): void {
    add(this.#sums.copied, work);
  }

  present(work: Work): void {
    add(this.#sums.present, work);
  }

  waiting(subject: string, waiting: Waiting | null): void {
    if (waiting === null) this.#waiting.delete(subject);
    else this.#waiting.set(subject, waiting);
  }

  snapshot(): ProgressSnapshot {
    const { expected, moved, copied, present } = this.#sums;
    const elapsedSeconds = (this.#clock.monotonicMs() - this.#startMs) / 1000;
    const doneBytes = moved.bytes + copied.bytes;
    const bytesPerSecond = elapsedSeconds > 0 ? doneBytes / elapsedSeconds : 0;
    const leftBytes = Math.max(0, expected.bytes - doneBytes - present.bytes);
    return {
      expectedBytes: expected.bytes,
      expectedObjects: expected.objects,
      movedBytes: moved.bytes,
      movedObjects: moved.objects,
      copiedBytes: copied.bytes,
      copiedObjects: copied.objects,
      presentBytes: present.bytes,
      presentObjects: present.objects,
      elapsedSeconds,
      bytesPerSecond,
      secondsLeft: bytesPerSecond > 0 ? leftBytes / bytesPerSecond : null,
      waiting: [...this.#waiting].map(([subject, waiting]) => ({ subject, ...waiting })),
    };
  }
}

function zero(): Sum {
  return { bytes: 0, objects: 0 };
}

function add(sum: Sum, work: Work): void {
  sum.bytes += work.bytes ?? 0;
  sum.objects += work.objects ?? 0;
}
