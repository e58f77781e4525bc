import type { Clock } from '../../kernel/clock.ts';
import type { Progress } from '../../kernel/progress.ts';
import type { ResourceKind } from '../../replicator/mover.ts';
import { Meter, type ProgressSnapshot } from '../../replicator/session/meter.ts';
import type { MoveResult, Observer } from '../observer.ts';

const backlogEveryMs = 1000;

type Work = Parameters<Progress['moved']>[0];

/** One session's progress in this process: a sum to show, and every movement told to the observer. */
export class SessionProgress {
  readonly #group: string;
  readonly #observer: Observer;
  readonly #clock: Clock;
  readonly #meter: Meter;
  #backlogToldMs = -Infinity;

  constructor(group: string, observer: Observer, clock: Clock) {
    this.#group = group;
    this.#observer = observer;
    this.#clock = clock;
    this.#meter = new Meter(clock);
  }

  snapshot(): ProgressSnapshot {
    return this.#meter.snapshot();
  }

  of(kind: ResourceKind): Progress {
    const hear = (result: MoveResult) => (work: Work) => {
      this.#meter[result](work);
      const { bytes = 0, objects = 0 } = work;
      this.#observer.moved({ group: this.#group, kind, result, bytes, objects });
      this.#tellBacklog();
    };
    return {
      expect: (work) => this.#meter.expect(work),
      moved: hear('moved'),
      copied: hear('copied'),
      present: hear('present'),
      waiting: (subject, waiting) => this.#meter.waiting(subject, waiting),
    };
  }

  /** Bytes flow in thousands of pieces; once a second is enough. */
  #tellBacklog(): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#backlogToldMs < backlogEveryMs) return;
    this.#backlogToldMs = nowMs;
    const { expectedBytes, movedBytes, copiedBytes, presentBytes } = this.#meter.snapshot();
    const bytes = Math.max(0, expectedBytes - movedBytes - copiedBytes - presentBytes);
    this.#observer.backlog({ group: this.#group, bytes });
  }
}
