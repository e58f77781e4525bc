import type { Ambient } from '../../kernel/ambient.ts';
import { FarshoreError } from '../../kernel/errors.ts';
import { parallel } from '../transfer/parallel.ts';
import type { TargetContext } from '../mover.ts';

const deletionsAtOnce = 12;
/** A listing shows a deletion some seconds late, and Swift asks it whether a container is empty. */
const attempts = 8;
const firstPauseMs = 250;

/**
 * Deletes a container with all that it shows, versions too when it keeps them. Killed anywhere: what
 * is left is found by the listing of the next call. False when there was none.
 */
export async function removeContainer(
  container: string,
  at: TargetContext,
  ambient: Ambient,
): Promise<boolean> {
  const store = at.target.objectStore;
  const found = await store.headContainer(container, at.signal);
  if (found === null) return false;
  const isVersioned = found.headers['x-versions-enabled'] !== undefined;
  // Off, so that deletions leave no markers; Swift demands it before the container may go.
  if (found.versioning)
    await store.postContainer(container, { 'x-versions-enabled': 'false' }, at.signal);
  for (let attempt = 1; ; attempt += 1) {
    await removeObjects(container, isVersioned, at);
    try {
      return await store.deleteContainer(container, at.signal);
    } catch (error) {
      if (!isNotEmpty(error) || attempt === attempts) throw error;
    }
    const pauseMs = firstPauseMs * 2 ** (attempt - 1) * (0.5 + ambient.random.next());
    await ambient.clock.sleep(pauseMs, at.signal);
  }
}

async function removeObjects(
  container: string,
  isVersioned: boolean,
  at: TargetContext,
): Promise<void> {
  const store = at.target.objectStore;
  const { signal } = at;
  if (isVersioned) {
    const versions = store.list(container, { versions: true, signal });
    await parallel(versions, deletionsAtOnce, signal, async ({ name, versionId }, inner) => {
      if (versionId !== undefined && versionId !== 'null')
        await store.delete(container, name, { versionId, signal: inner });
    });
  }
  // Objects without versions; and links that Swift leaves behind their last version when the name
  // looks percent-encoded (object_versioning.py, `handle_delete_version`, decodes it once too often).
  const current = store.list(container, { signal });
  await parallel(current, deletionsAtOnce, signal, async ({ name }, inner) => {
    await store.delete(container, name, { signal: inner });
  });
}

function isNotEmpty(error: unknown): boolean {
  return error instanceof FarshoreError && error.code === 'object-store.container-not-empty';
}
