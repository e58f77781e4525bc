import { Refusal } from '../../http/refusal.ts';
import { find, notFound } from '../api/find.ts';
import { input } from '../api/input.ts';
import type { ApiRequest } from '../api/request.ts';
import type { Cinder } from '../cinder.ts';
import { requireRoom } from '../state/quotas.ts';
import type { BackupRecord, SnapshotRecord, VolumeRecord } from '../state/records.ts';
import { all, type State } from '../state/state.ts';
import { runBackup } from './run.ts';

/** Accepts a backup (`creating`, its volume or snapshot `backing-up`); the data follows. */
export async function createBackup(
  cinder: Cinder,
  request: ApiRequest,
  body: unknown,
): Promise<BackupRecord> {
  const { state } = cinder;
  const wish = wishOf(request, body);
  const { volumeId, snapshotId } = wish;
  await find(request, 'volume', state.volumes, volumeId);
  if (snapshotId !== null) await find(request, 'snapshot', state.snapshots, snapshotId);
  const backup = await state.exclusive(async () => {
    const volume = await state.volumes.get(volumeId);
    if (volume === undefined) throw notFound.volume(volumeId);
    const snapshot = snapshotId === null ? null : await state.snapshots.get(snapshotId);
    if (snapshot === undefined) throw notFound.snapshot(snapshotId ?? '');
    requireReady(volume, snapshot, wish.isForced);
    const { sizeGib } = volume;
    await requireRoom(state, request.projectId, { kind: 'backups', count: 1, sizeGib });
    const parent = wish.isIncremental ? await parentFor(state, request, volume, snapshot) : null;
    const nowMs = state.now();
    const made: BackupRecord = {
      id: state.newId(),
      projectId: request.projectId,
      userId: request.requester.userId,
      name: wish.name,
      description: wish.description,
      metadata: wish.metadata,
      status: 'creating',
      sizeGib,
      volumeId,
      snapshotId,
      parentId: parent?.id ?? null,
      host: cinder.host,
      zone: null,
      container: wish.container,
      serviceMetadata: null,
      service: null,
      objectCount: 0,
      failReason: null,
      dependents: 0,
      dataTimestampMs: snapshot?.createdAtMs ?? nowMs,
      restoreVolumeId: null,
      createdAtMs: nowMs,
      updatedAtMs: null,
    };
    await state.commit([
      state.backups.put(made.id, made),
      snapshot === null
        ? state.volumes.put(volumeId, {
            ...volume,
            status: 'backing-up',
            previousStatus: volume.status,
            updatedAtMs: nowMs,
          })
        : state.snapshots.put(snapshot.id, {
            ...snapshot,
            status: 'backing-up',
            updatedAtMs: nowMs,
          }),
    ]);
    return made;
  });
  cinder.jobs.start(volumeId, () => runBackup(cinder, request.requester.token, backup.id));
  return backup;
}

function wishOf(request: ApiRequest, body: unknown) {
  const allowed = [
    'volume_id',
    'container',
    'description',
    'incremental',
    'force',
    'name',
    'snapshot_id',
    ...(request.minor >= 43 ? ['metadata'] : []),
    ...(request.minor >= 51 ? ['availability_zone'] : []),
  ];
  const wish = input(body, 'backup', allowed).require('volume_id');
  return {
    volumeId: wish.uuid('volume_id') ?? '',
    snapshotId: wish.uuid('snapshot_id'),
    name: wish.text('name'),
    description: wish.description('description'),
    container: wish.text('container'),
    isIncremental: wish.flag('incremental') === true,
    isForced: wish.flag('force') === true,
    metadata: wish.strings('metadata') ?? {},
  };
}

function requireReady(
  volume: VolumeRecord,
  snapshot: SnapshotRecord | null,
  isForced: boolean,
): void {
  const refuse = (text: string): never => {
    throw new Refusal(400, text);
  };
  if (snapshot !== null) {
    if (snapshot.volumeId !== volume.id)
      refuse(
        `Invalid volume: Volume ${volume.id} does not match with snapshot.volume_id ${snapshot.volumeId}.`,
      );
    if (snapshot.status !== 'available')
      refuse(
        `Invalid snapshot: Snapshot to be backed up must be available, but the current status is "${snapshot.status}".`,
      );
    return;
  }
  if (volume.status !== 'available' && volume.status !== 'in-use')
    refuse(
      `Invalid volume: Volume to be backed up must be available or in-use, but the current status is "${volume.status}".`,
    );
  if (volume.status === 'in-use' && !isForced)
    refuse('Invalid volume: Backing up an in-use volume must use the force flag.');
}

/**
 * The newest by the time of its data; for a snapshot's backup, of those whose data is older than the
 * snapshot, or any when none is.
 */
async function parentFor(
  state: State,
  request: ApiRequest,
  volume: VolumeRecord,
  snapshot: SnapshotRecord | null,
): Promise<BackupRecord> {
  const backups = await all(
    state.backups,
    ({ volumeId, projectId }) => volumeId === volume.id && projectId === request.projectId,
  );
  const time = ({ dataTimestampMs }: BackupRecord): number => {
    const timeMs = dataTimestampMs ?? 0;
    return snapshot === null || timeMs < snapshot.createdAtMs ? timeMs : -1;
  };
  const [parent] = backups.sort((a, b) => time(b) - time(a) || b.createdAtMs - a.createdAtMs);
  if (parent === undefined)
    throw new Refusal(400, 'Invalid backup: No backups available to do an incremental backup.');
  if (parent.status !== 'available')
    throw new Refusal(
      400,
      'Invalid backup: The parent backup must be available for incremental backup.',
    );
  return parent;
}
