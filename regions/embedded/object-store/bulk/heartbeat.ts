import type { Clock } from '../../../../kernel/clock.ts';
import type { ReportFormat } from './report.ts';

const beatEveryMs = 10_000;

/**
 * The text that long work ends with; blanks before it while the work goes from step to step, so that
 * nobody on the way takes the connection for dead.
 */
export async function* withHeartbeat(
  steps: AsyncGenerator<void, string, undefined>,
  clock: Clock,
  format: ReportFormat | undefined,
): AsyncGenerator<string, void, undefined> {
  let beat = format?.endsWith('/xml') === true ? '<?xml version="1.0" encoding="UTF-8"?>\n' : ' ';
  let separator = '';
  let lastMs = clock.monotonicMs();
  try {
    for (;;) {
      const step = await steps.next();
      if (step.done === true) return yield separator + step.value;
      if (clock.monotonicMs() - lastMs <= beatEveryMs) continue;
      yield beat;
      lastMs = clock.monotonicMs();
      beat = ' ';
      separator = '\r\n\r\n';
    }
  } finally {
    await steps.return('');
  }
}
