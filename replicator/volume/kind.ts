import type { Kind } from '../kind.ts';
import { fenceVolume, unfenceVolume } from './fence.ts';
import { findVolumes, type VolumeCandidate } from './find.ts';
import { createVolumeMover } from './mover.ts';
import { preflightVolumes } from './preflight.ts';
import { volumeSchema } from './schema.ts';
import type { VolumeCapture, VolumeCopy } from './types.ts';

export const volumeKind: Kind<VolumeCapture, VolumeCopy, VolumeCandidate> = {
  name: 'volume',
  plural: 'volumes',
  after: [],
  mover: createVolumeMover,
  schema: volumeSchema,
  needs: () => [],
  catalogs: ({ chain }) => chain.map(({ catalog }) => catalog.object),
  identity: ({ chain }) =>
    chain.map((backup) => [
      backup.backupId,
      backup.container,
      backup.prefix,
      backup.metadataSha256,
      backup.sha256FileSha256,
      backup.catalog.sha256,
    ]),
  storedThings: ({ chain }) => chain.map(({ backupId }) => `backup/${backupId}`),
  find: findVolumes,
  preflight: preflightVolumes,
  fence: fenceVolume,
  unfence: unfenceVolume,
};
