import type { Progress } from '../../kernel/progress.ts';
import type { Session } from './types.ts';

type Work = Parameters<Progress['moved']>[0];

/** Passes progress on and keeps what moved until it is taken along by the next save. */
export class MovedCounter {
  #moved = { bytes: 0, objects: 0 };

  over(progress: Progress): Progress {
    return {
      expect: (work) => progress.expect(work),
      copied: (work) => progress.copied(work),
      present: (work) => progress.present(work),
      waiting: (subject, waiting) => progress.waiting?.(subject, waiting),
      moved: (work: Work) => {
        this.#moved.bytes += work.bytes ?? 0;
        this.#moved.objects += work.objects ?? 0;
        progress.moved(work);
      },
    };
  }

  take(): Session['moved'] {
    const taken = this.#moved;
    this.#moved = { bytes: 0, objects: 0 };
    return taken;
  }
}
