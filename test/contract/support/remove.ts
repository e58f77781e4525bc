import type { Clock } from '../../../kernel/clock.ts';
import { FarshoreError } from '../../../kernel/errors.ts';
import type { ObjectStore } from '../../../regions/object-store/types.ts';
import type { ProjectScope } from '../../../regions/region.ts';
import { waitUntilGone } from '../../../regions/wait.ts';
import { collect } from '../../support/rejection.ts';
import type { Environment } from '../environment.ts';

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

/** The volumes of a name with their snapshots and backups, and such containers and images. */
export async function removeNamed(
  { ambient }: Environment,
  scope: ProjectScope,
  name: string,
): Promise<void> {
  const { blockStorage: cinder, images, objectStore } = scope;
  const gone = { clock: ambient.clock, operation: 'delete', subject: name, deadlineMs: 60_000 };
  for (const { id } of await collect(cinder.listVolumes({ name }))) {
    // Newest first: Cinder keeps a backup that an incremental builds on.
    const backups = await collect(cinder.listBackups({ volumeId: id }));
    for (const backup of backups.toSorted((a, b) => b.createdAt.localeCompare(a.createdAt))) {
      await cinder.deleteBackup(backup.id);
      await waitUntilGone({ ...gone, get: (signal) => cinder.getBackup(backup.id, signal) });
    }
    await cinder.deleteVolume(id);
  }
  for (const { id } of await collect(images.list({ name }))) await images.delete(id);
  for (const { name: container } of await collect(objectStore.listContainers()))
    if (container.includes(name)) await removeAll(objectStore, container, ambient.clock);
}
