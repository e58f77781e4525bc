import type { Clock } from '../../../kernel/clock.ts';
import { FarshoreError } from '../../../kernel/errors.ts';
import type { ObjectStore } from '../../../regions/object-store/types.ts';

const tries = 20;

/** Deletes a container with all that is in it, versions too. Its listing may lag behind its objects. */
export async function removeAll(store: ObjectStore, name: string, clock: Clock): Promise<void> {
  const container = await store.headContainer(name);
  if (container === null) return;
  for await (const row of store.list(name, { versions: container.versioning })) {
    const { versionId } = row;
    await store.delete(name, row.name, versionId === undefined ? {} : { versionId });
  }
  for (let left = tries; left > 0; left -= 1)
    try {
      await store.deleteContainer(name);
      return;
    } catch (error) {
      if (!(error instanceof FarshoreError) || left === 1) throw error;
      await clock.sleep(250);
    }
}
