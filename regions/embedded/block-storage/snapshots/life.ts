import { Refusal } from '../../http/refusal.ts';
import { find, notFound } from '../api/find.ts';
import { input } from '../api/input.ts';
import type { ApiRequest } from '../api/request.ts';
import type { Cinder } from '../cinder.ts';
import { requireRoom } from '../state/quotas.ts';
import type { SnapshotRecord, VolumeRecord } from '../state/records.ts';

/** Accepts a snapshot (`creating`); the volume's bytes are copied in the background. */
export async function createSnapshot(
  cinder: Cinder,
  request: ApiRequest,
  body: unknown,
): Promise<SnapshotRecord> {
  const { state } = cinder;
  const allowed = ['name', 'display_name', 'description', 'volume_id', 'force', 'metadata'];
  const wish = input(body, 'snapshot', allowed).require('volume_id');
  const force = wish.flag('force');
  if (request.minor >= 66 && force === false)
    throw new Refusal(
      400,
      "Since microversion 3.66 the 'force' flag is invalid for this request.  For backward compatability, however, when the 'force' flag is passed with a value evaluating to True, it is silently ignored.",
    );
  const draft = {
    name: wish.text('name') ?? wish.text('display_name'),
    description: wish.description('description'),
    metadata: wish.strings('metadata') ?? {},
  };
  const volumeId = wish.uuid('volume_id') ?? '';
  await find(request, 'volume', state.volumes, volumeId);
  const isInUseAllowed = force === true || request.minor >= 66;
  const snapshot = await state.exclusive(async () => {
    const volume = await state.volumes.get(volumeId);
    if (volume === undefined) throw notFound.volume(volumeId);
    requireSnapshotable(volume, isInUseAllowed);
    const { sizeGib, typeId } = volume;
    const { projectId } = request;
    await requireRoom(state, projectId, { kind: 'snapshots', count: 1, sizeGib, typeId });
    const made: SnapshotRecord = {
      ...draft,
      id: state.newId(),
      projectId,
      userId: request.requester.userId,
      volumeId,
      status: 'creating',
      progress: '0%',
      sizeGib,
      typeId,
      createdAtMs: state.now(),
      updatedAtMs: null,
    };
    await state.commit([state.snapshots.put(made.id, made)]);
    return made;
  });
  cinder.jobs.start(volumeId, () => copy(cinder, snapshot));
  return snapshot;
}

async function copy(cinder: Cinder, { id, volumeId, sizeGib }: SnapshotRecord): Promise<void> {
  const { state, disks, jobs } = cinder;
  try {
    await disks.copy(volumeId, id, sizeGib, jobs.signal);
  } catch (error) {
    if (jobs.signal.aborted) throw error;
    cinder.ambient.log.warn('snapshot not created', { snapshot: id, error: String(error) });
    await state.update(state.snapshots, id, () => ({ status: 'error' }));
    return;
  }
  await state.update(state.snapshots, id, () => ({ status: 'available', progress: '100%' }));
}

function requireSnapshotable({ id, status }: VolumeRecord, isInUseAllowed: boolean): void {
  if (status === 'error')
    throw new Refusal(
      400,
      'Invalid volume: The snapshot cannot be created when the volume is in error status.',
    );
  const allowed = isInUseAllowed ? ['available', 'in-use'] : ['available'];
  if (!allowed.includes(status))
    throw new Refusal(
      400,
      `Invalid volume: Volume ${id} status must be ${allowed.join(', ')}, but current status is: ${status}.`,
    );
}

/** Accepts the deletion (`deleting`) or throws 400. */
export async function deleteSnapshot(cinder: Cinder, id: string, isForced: boolean): Promise<void> {
  const { state } = cinder;
  const snapshot = await state.exclusive(async () => {
    const found = await state.snapshots.get(id);
    if (found === undefined) throw notFound.snapshot(id);
    if (!isForced && !['available', 'error'].includes(found.status))
      throw new Refusal(
        400,
        'Invalid snapshot: Snapshot status must be available or error and must not be part of a group.',
      );
    const change = { status: 'deleting', updatedAtMs: state.now() };
    await state.commit([state.snapshots.put(id, { ...found, ...change })]);
    return found;
  });
  cinder.jobs.start(snapshot.volumeId, async () => {
    await cinder.disks.remove(id);
    await state.exclusive(() => state.commit([state.snapshots.del(id)]));
  });
}
