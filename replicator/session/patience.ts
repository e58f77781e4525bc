import type { Ambient } from '../../kernel/ambient.ts';
import { isTransient } from '../../kernel/errors.ts';

/**
 * Does it again after 2, 8, 32 s and so on (a quarter more or less) while it fails in passing: a
 * region that restarts costs seconds and not the session. Single requests are retried below, in
 * regions/http; this is for what outlasts them. Rejects with the last error, or the abort's reason.
 */
export async function patiently<T>(
  what: string,
  options: { readonly ambient: Ambient; readonly attempts: number; readonly signal: AbortSignal },
  attempt: () => Promise<T>,
): Promise<T> {
  const { ambient, attempts, signal } = options;
  for (let n = 1; ; n += 1) {
    try {
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      if (n >= attempts || !isTransient(error)) throw error;
      const pauseMs = 500 * 4 ** n * (0.75 + ambient.random.next() / 2);
      ambient.log.warn('failed in passing, done again', { what, attempt: n, pauseMs, error });
      await ambient.clock.sleep(pauseMs, signal);
    }
  }
}
