/**
 * The cut of one volume: a snapshot, which costs the driver next to nothing and holds the content
 * still while Cinder takes its time to read it.
 *
 * Killed after the snapshot was made, or its answer lost: it is found again by its name, which
 * carries the session's id, and its data time is then Cinder's `created_at`: the time at which the
 * request was accepted, before anything was cut. Where a driver makes no snapshots the backup itself
 * becomes the cut, and the copy says so.
 */
import type { Ambient } from '../../kernel/ambient.ts';
import { isoTime } from '../../kernel/clock.ts';
import { FarshoreError, isTransient } from '../../kernel/errors.ts';
import { RequestError } from '../../regions/http/request-error.ts';
import type { Snapshot, Volume } from '../../regions/block-storage/types.ts';
import type { ResourceRef, SessionContext } from '../mover.ts';
import type { VolumeAttributes, VolumeCapture } from './types.ts';
import { shortWaitMs, waitFor } from './wait.ts';
import { mendLostStatus } from './source/lost-status.ts';
import { sessionName, snapshotMarks } from './source/marks.ts';
import { abandonOrphans } from './source/stalled.ts';
import { groupsSnapshots, removeSnapshots } from './tidy.ts';

export async function captureVolume(
  resource: ResourceRef,
  session: SessionContext,
  ambient: Ambient,
): Promise<VolumeCapture> {
  const cinder = session.source.blockStorage;
  let volume = await cinder.getVolume(resource.id, session.signal);
  const snapshots = await groupsSnapshots(resource.id, session);
  if (volume?.status === 'backing-up' || snapshots.some(({ status }) => status === 'backing-up')) {
    await abandonOrphans(resource.id, session, ambient);
    volume = await cinder.getVolume(resource.id, session.signal);
  }
  const marked = snapshots.filter(({ status }) => status === 'backing-up').map(({ id }) => id);
  if (marked.length > 0 && (await mendLostStatus(resource.id, marked, session, ambient)))
    volume = await cinder.getVolume(resource.id, session.signal);
  if (volume === null) throw refusal(resource, 'volume.not-found', 'there is no such volume');
  if (volume.encrypted)
    throw refusal(
      resource,
      'volume.encryption-unsupported',
      'encrypted volumes are not supported yet: the key would have to be brought to the secondary too',
      'take it out of the group, or use an unencrypted volume type',
    );
  const own = sessionName(session.sessionId);
  // A session that was broken off after its cut leaves a snapshot that nothing else would delete.
  const surplus = snapshots.filter(({ name }) => name !== own);
  await removeSnapshots(surplus, session, ambient);
  const found = snapshots.find(({ name }) => name === own);
  const askedAt = found?.createdAt ?? isoTime(ambient.clock.now());
  if (found === undefined) requireUsable(volume);
  const snapshot = await settle(
    found ?? (await createSnapshot(resource, session, ambient)),
    session,
    ambient,
  );
  return {
    kind: 'volume',
    resource,
    dataTime: askedAt,
    attributes: attributesOf(volume),
    snapshotId: snapshot?.id ?? null,
  };
}

function attributesOf(volume: Volume): VolumeAttributes {
  const { name, description, sizeGib, volumeType, bootable, metadata, imageMetadata } = volume;
  return { name, description, sizeGib, volumeType, bootable, metadata, imageMetadata };
}

function requireUsable(volume: Volume): void {
  if (volume.status === 'available' || volume.status === 'in-use') return;
  const isBroken = volume.status.startsWith('error') || volume.status === 'deleting';
  throw new FarshoreError(`its status is ${volume.status}`, {
    code: 'volume.not-usable',
    kind: isBroken ? 'permanent' : 'transient',
    operation: 'capture volume',
    subject: `${volume.name} ${volume.id}`,
    hint: 'a volume is captured while it is available or in-use; see cinder reset-state',
  });
}

/** Undefined when Cinder refuses it for good: no snapshots with this driver, no right, no quota. */
async function createSnapshot(
  resource: ResourceRef,
  session: SessionContext,
  { log }: Ambient,
): Promise<Snapshot | undefined> {
  try {
    return await session.source.blockStorage.createSnapshot(
      {
        volumeId: resource.id,
        name: sessionName(session.sessionId),
        metadata: snapshotMarks(session),
      },
      session.signal,
    );
  } catch (error) {
    if (!(error instanceof RequestError) || isTransient(error)) throw error;
    log.warn('no snapshot, the backup will be the cut', {
      volume: resource.id,
      code: error.code,
      status: error.status,
    });
    return undefined;
  }
}

/** Waits until it is available; undefined when it failed, and then it is deleted. */
async function settle(
  snapshot: Snapshot | undefined,
  session: SessionContext,
  { clock, log }: Ambient,
): Promise<Snapshot | undefined> {
  if (snapshot === undefined) return undefined;
  const cinder = session.source.blockStorage;
  const wait = {
    operation: 'wait for snapshot',
    subject: snapshot.id,
    stillMs: shortWaitMs,
  };
  const settled = await waitFor(clock, wait, session.signal, async () => {
    const now = await cinder.getSnapshot(snapshot.id, session.signal);
    return now?.status === 'creating' ? undefined : { now };
  });
  // `backing-up`: an earlier run of this session asked for the backup already.
  if (settled.now?.status === 'available' || settled.now?.status === 'backing-up')
    return settled.now;
  log.warn('the snapshot failed, the backup will be the cut', {
    snapshot: snapshot.id,
    volume: snapshot.volumeId,
    status: settled.now?.status ?? 'gone',
  });
  if (settled.now?.status === 'error') {
    // A volume that still has a snapshot cannot be backed up directly with every driver (NFS).
    await cinder.deleteSnapshot(snapshot.id, session.signal);
    await waitFor(clock, wait, session.signal, async () => {
      const now = await cinder.getSnapshot(snapshot.id, session.signal);
      return now === null || now.status.startsWith('error') ? true : undefined;
    });
  }
  return undefined;
}

function refusal(
  resource: ResourceRef,
  code: string,
  message: string,
  hint?: string,
): FarshoreError {
  return new FarshoreError(message, {
    code,
    kind: 'permanent',
    operation: 'capture volume',
    subject: `${resource.name} ${resource.id}`,
    hint,
  });
}
