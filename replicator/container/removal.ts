import type { Ambient } from '../../kernel/ambient.ts';
import { FarshoreError } from '../../kernel/errors.ts';
import { parallel } from '../transfer/parallel.ts';
import type { RegionContext } from '../mover.ts';

const deletionsAtOnce = 12;
/** A listing shows a deletion some seconds late, and Swift asks it whether a container is empty. */
const attempts = 8;
const firstPauseMs = 250;

/**
 * Deletes a container that Farshore made, with all that it shows. Killed anywhere: what is left is found
 * by the listing of the next call. False when there was none.
 */
export async function removeContainer(
  container: string,
  at: RegionContext,
  ambient: Ambient,
): Promise<boolean> {
  const store = at.target.objectStore;
  const { signal } = at;
  if ((await store.headContainer(container, signal)) === null) return false;
  for (let attempt = 1; ; attempt += 1) {
    await parallel(
      store.list(container, { signal }),
      deletionsAtOnce,
      signal,
      async (row, inner) => {
        await store.delete(container, row.name, { signal: inner });
      },
    );
    try {
      return await store.deleteContainer(container, signal);
    } catch (error) {
      if (!isNotEmpty(error) || attempt === attempts) throw error;
    }
    const pauseMs = firstPauseMs * 2 ** (attempt - 1) * (0.5 + ambient.random.next());
    await ambient.clock.sleep(pauseMs, signal);
  }
}

function isNotEmpty(error: unknown): boolean {
  return error instanceof FarshoreError && error.code === 'object-store.container-not-empty';
}
