import type { ServiceClient } from '../http/service-client.ts';
import { createBackupCalls } from './backups.ts';
import { createQuotaCalls } from './quota.ts';
import { createRecordCalls } from './records.ts';
import { createSnapshotCalls } from './snapshots.ts';
import type { BlockStorage } from './types.ts';
import { createVolumeActions } from './volume-actions.ts';
import { createVolumeCalls } from './volumes.ts';

/**
 * One project's Cinder. No creation is idempotent and none is retried here: when its answer is lost
 * the thing may exist, so a caller gives what it makes a name of its own and looks for that name
 * before it creates again.
 */
export function createBlockStorage(client: ServiceClient): BlockStorage {
  return Object.freeze({
    ...createVolumeCalls(client),
    ...createVolumeActions(client),
    ...createSnapshotCalls(client),
    ...createBackupCalls(client),
    ...createRecordCalls(client),
    ...createQuotaCalls(client),
  });
}
