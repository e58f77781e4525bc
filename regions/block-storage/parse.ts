import type { Answer } from '../answer.ts';
import type { Backup, Snapshot, Volume, VolumeType } from './types.ts';

/*
 * Shapes from cinder/api/v3/views/volumes.py, cinder/api/views/snapshots.py and backups.py. All of
 * these fields are in the base version 3.0, so no call needs a microversion and clouds back to Queens
 * answer. Names and descriptions are null when never given.
 */

export function parseVolume(answer: Answer): Volume {
  return {
    id: answer.string('id'),
    name: answer.stringOr('name', ''),
    description: answer.stringOr('description', ''),
    // Cinder forgets it when a backup from a snapshot finds no cinder-backup that is up.
    status: answer.stringOr('status', 'unknown'),
    sizeGib: answer.integer('size'),
    volumeType: answer.stringOr('volume_type', null),
    availabilityZone: answer.stringOr('availability_zone', null),
    bootable: answer.boolean('bootable'),
    encrypted: answer.boolean('encrypted'),
    isAttached: answer.objects('attachments').length > 0,
    ...readOnlyFlag(answer),
    metadata: userMetadata(answer),
    imageMetadata: answer.stringMap('volume_image_metadata'),
    createdAt: answer.time('created_at'),
  };
}

/**
 * Cinder shows two keys of its own among the user's (cinder/api/api_utils.py,
 * add_visible_admin_metadata); written to another volume they would become the user's.
 */
function userMetadata(answer: Answer): Readonly<Record<string, string>> {
  const shown = Object.entries(answer.stringMap('metadata'));
  return Object.fromEntries(shown.filter(([key]) => key !== 'readonly' && key !== 'attached_mode'));
}

/** `True` or `False`; there is none before the flag was first set. */
function readOnlyFlag(answer: Answer): { readonly readOnly?: boolean } {
  const flag = answer.stringMap('metadata')['readonly'];
  return flag === undefined ? {} : { readOnly: flag === 'True' };
}

export function parseSnapshot(answer: Answer): Snapshot {
  return {
    id: answer.string('id'),
    name: answer.stringOr('name', ''),
    volumeId: answer.string('volume_id'),
    status: answer.string('status'),
    sizeGib: answer.integer('size'),
    metadata: answer.stringMap('metadata'),
    createdAt: answer.time('created_at'),
  };
}

/** A record that is being imported has no data time and no container yet; both come with `available`. */
export function parseBackup(answer: Answer): Backup {
  const createdAt = answer.time('created_at');
  return {
    id: answer.string('id'),
    name: answer.stringOr('name', ''),
    description: answer.stringOr('description', ''),
    status: answer.string('status'),
    failReason: answer.stringOr('fail_reason', null),
    volumeId: answer.string('volume_id'),
    snapshotId: answer.stringOr('snapshot_id', null),
    sizeGib: answer.integerOr('size', 0),
    objectCount: answer.integerOr('object_count', 0),
    container: answer.stringOr('container', ''),
    isIncremental: answer.boolean('is_incremental'),
    hasDependents: answer.boolean('has_dependent_backups'),
    dataTimestamp: answer.timeOr('data_timestamp', createdAt),
    createdAt,
  };
}

export function parseVolumeType(answer: Answer): VolumeType {
  return { id: answer.string('id'), name: answer.string('name') };
}
