import type { Ambient } from '../../kernel/ambient.ts';
import type { Mover } from '../mover.ts';
import { expireVolumes } from './expire.ts';
import { checkVolume } from './check.ts';
import { discardVolume, inventoryVolumes } from './discard.ts';
import { volumeObstacles } from './obstacles.ts';
import { restoreVolume } from './restore.ts';
import { scrubVolumes } from './scrub.ts';
import { shipVolume } from './ship.ts';
import { captureVolume } from './capture.ts';
import { sweepVolumes } from './sweep.ts';
import { sweepRestored } from './sweep-restored.ts';
import { tidyVolume } from './tidy.ts';
import type { VolumeCapture, VolumeCopy } from './types.ts';
import { verifyVolume } from './verify.ts';

/** Volumes as native Cinder backups, whole chains of them; see the README of this folder. */
export function createVolumeMover(deps: {
  readonly ambient: Ambient;
}): Mover<VolumeCapture, VolumeCopy> {
  const { ambient } = deps;
  return Object.freeze({
    kind: 'volume',
    capture: (resource, session) => captureVolume(resource, session, ambient),
    ship: (capture, previous, session) => shipVolume(capture, previous, session, ambient),
    verify: (copy, depth, at) => verifyVolume(copy, depth, at, ambient),
    scrub: (copies, after, at) => scrubVolumes(copies, after, at, ambient),
    obstacles: (copies, _order, at) => volumeObstacles(copies, at),
    restore: (copy, order, at) => restoreVolume(copy, order, at, ambient),
    check: (copy, restored, order, at) => checkVolume(copy, restored, order, at, ambient),
    discard: (copy, order, at) => discardVolume(copy, order, at, ambient),
    inventory: (scratch, at) => inventoryVolumes(scratch, at),
    sweepExecution: (ended, at) => sweepRestored(ended, at, ambient),
    expire: (dropped, kept, at) => expireVolumes(dropped, kept, at, ambient),
    tidy: (copy, session) => tidyVolume(copy, session, ambient),
    sweep: (sweep) => sweepVolumes(sweep, ambient),
  } satisfies Mover<VolumeCapture, VolumeCopy>);
}
