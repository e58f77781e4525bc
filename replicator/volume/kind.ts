import type { Kind } from '../kind.ts';
import { fenceVolume, unfenceVolume } from './fence.ts';
import { findVolumes, type VolumeCandidate } from './find.ts';
import { createVolumeMover } from './mover.ts';
import { volumeMappings, volumeOptions } from './options.ts';
import { preflightVolumes } from './preflight.ts';
import { volumeSchema } from './schema.ts';
import type { VolumeCapture, VolumeCopy } from './types.ts';

/** Of less nothing is told: a small volume is written over on any day. */
const fewestBytes = 64 * 1024 ** 2;

/** Backups grow by what was written to the volume; a new full one tells nothing. */
function changedShare(before: VolumeCopy, after: VolumeCopy): number {
  const isLonger = before.chain.every(
    ({ backupId }, index) => after.chain[index]?.backupId === backupId,
  );
  if (!isLonger || before.bytes < fewestBytes) return 0;
  return Math.min(1, (after.bytes - before.bytes) / before.bytes);
}

export const volumeKind: Kind<VolumeCapture, VolumeCopy, VolumeCandidate> = {
  name: 'volume',
  plural: 'volumes',
  after: [],
  options: volumeOptions,
  mappings: volumeMappings,
  costlyCheck: {
    param: 'verifyVolumes',
    how: 'image',
    description:
      'how restored volumes are compared: image (their bytes, read through a temporary image; the default) or none (reported as unchecked)',
  },
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
  // Findings name nothing else.
  refersTo: () => Promise.resolve([]),
  survives: () => false,
  changedShare,
  find: findVolumes,
  preflight: preflightVolumes,
  fence: fenceVolume,
  unfence: unfenceVolume,
};
