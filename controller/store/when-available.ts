import type { Ambient } from '../../kernel/ambient.ts';
import { FarshoreError } from '../../kernel/errors.ts';

const pauseMs = 1_000;

/**
 * Runs work that is harmless when repeated until the store answers it: for what has time until a
 * majority is there. Whatever else it fails with is thrown, and the signal's reason when it aborts.
 */
export async function whenAvailable<T>(
  work: () => Promise<T>,
  { clock, log }: Pick<Ambient, 'clock' | 'log'>,
  signal: AbortSignal,
): Promise<T> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof FarshoreError) || !isPassing(error)) throw error;
      log.warn('the store is waited for', { error });
    }
    await clock.sleep(pauseMs, signal);
  }
}

function isPassing({ code }: FarshoreError): boolean {
  return code === 'store.unavailable' || code === 'store.outcome-unknown';
}
