import { z } from 'zod';
import {
  captureFields,
  catalogRef,
  copyFields,
  count,
  named,
  sha256,
  strict,
  strings,
} from '../schema.ts';
import type { BackupCopy, VolumeAttributes, VolumeCapture, VolumeCopy } from './types.ts';

const attributes = strict<VolumeAttributes>()({
  name: z.string(),
  description: z.string(),
  sizeGib: count,
  volumeType: z.string().nullable(),
  bootable: z.boolean(),
  metadata: strings,
  imageMetadata: strings,
});

const backup = strict<BackupCopy>()({
  backupId: named,
  incremental: z.boolean(),
  container: named,
  prefix: named,
  sizeGib: count,
  metadataSha256: sha256,
  sha256FileSha256: sha256,
  catalog: catalogRef,
  record: z.record(z.string(), z.unknown()),
});

export const volumeSchema = {
  capture: strict<VolumeCapture>()({
    ...captureFields('volume'),
    attributes,
    snapshotId: z.string().nullable(),
  }),
  copy: strict<VolumeCopy>()({
    ...copyFields('volume', 1),
    attributes,
    targetVolumeType: z.string().nullable(),
    availabilityZone: z.string().nullable(),
    chain: z.array(backup).min(1),
  }),
  formats: [1],
} as const;
