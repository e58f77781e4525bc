import type { Ambient } from '../../../kernel/ambient.ts';
import type { ProjectScope } from '../../../regions/region.ts';
import { waitUntilGone } from '../../../regions/wait.ts';
import { removeContainer } from '../../../replicator/container/removal.ts';
import type { TargetContext } from '../../../replicator/mover.ts';
import { collect } from '../../support/rejection.ts';
import type { Environment } from '../environment.ts';

/** A container with all that is in it, as the product deletes its own; versions too, which it never makes. */
export async function removeAll(
  target: ProjectScope,
  name: string,
  ambient: Ambient,
): Promise<void> {
  const { signal } = new AbortController();
  const store = target.objectStore;
  if ((await store.headContainer(name))?.headers['x-versions-enabled'] !== undefined) {
    // Off, so that deletions leave no markers; Swift demands it before the container may go.
    await store.postContainer(name, { 'x-versions-enabled': 'false' });
    for (const { name: object, versionId } of await collect(store.list(name, { versions: true })))
      if (versionId !== undefined && versionId !== 'null')
        await store.delete(name, object, { versionId });
  }
  // Of the context only these two are used.
  await removeContainer(name, { target, signal } as TargetContext, ambient);
}

/** The volumes of a name with their snapshots and backups, and such containers and images. */
export async function removeNamed(
  { ambient }: Environment,
  scope: ProjectScope,
  name: string,
): Promise<void> {
  const { blockStorage: cinder, images, objectStore } = scope;
  const gone = { clock: ambient.clock, operation: 'delete', subject: name, stillMs: 240_000 };
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
    if (container.includes(name)) await removeAll(scope, container, ambient);
}
