import type { Progress } from '../../kernel/progress.ts';
import type { Session } from './types.ts';

type Work = Parameters<Progress['moved']>[0];

/** Passes progress on and keeps what moved until it is taken along by the next save. */
export class MovedCounter {
  #moved = { bytes: 0, objects: 0 };
  /** What was sent or copied, by resource key. */
  readonly #works = new Map<string, { bytes: number; objects: number }>();

  over(progress: Progress, key: string): Progress {
    const count = (work: Work): void => {
      const { bytes, objects } = this.#works.get(key) ?? { bytes: 0, objects: 0 };
      this.#works.set(key, {
        bytes: bytes + (work.bytes ?? 0),
        objects: objects + (work.objects ?? 0),
      });
    };
    return {
      expect: (work) => progress.expect(work),
      copied: (work) => {
        count(work);
        progress.copied(work);
      },
      present: (work) => progress.present(work),
      waiting: (subject, waiting) => progress.waiting?.(subject, waiting),
      moved: (work: Work) => {
        count(work);
        this.#moved.bytes += work.bytes ?? 0;
        this.#moved.objects += work.objects ?? 0;
        progress.moved(work);
      },
    };
  }

  /** Of one resource, since it was asked for last. */
  takeOf(key: string): Session['moved'] {
    const work = this.#works.get(key) ?? { bytes: 0, objects: 0 };
    this.#works.delete(key);
    return work;
  }

  take(): Session['moved'] {
    const taken = this.#moved;
    this.#moved = { bytes: 0, objects: 0 };
    return taken;
  }
}
