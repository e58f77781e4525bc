import type { Ambient } from '../../kernel/ambient.ts';
import { nothingSwept, type Mover } from '../mover.ts';
import { captureImage } from './capture.ts';
import { checkImage } from './check.ts';
import { discardImage, inventoryImages, sweepScratchImages } from './discard.ts';
import { expireImages } from './expire.ts';
import { Readings } from '../transfer/reading.ts';
import { restoreLive, restoreScratch } from './restore.ts';
import { scrubImages } from './scrub.ts';
import { shipImage } from './ship.ts';
import type { ImageCapture, ImageCopy } from './types.ts';
import { verifyImage } from './verify.ts';

/** Images from Glance to Glance; see README.md for what a crash leaves at each step. */
export function createImageMover(deps: {
  readonly ambient: Ambient;
}): Mover<ImageCapture, ImageCopy> {
  const { ambient } = deps;
  const readings = new Readings();
  return Object.freeze({
    kind: 'image',
    capture: (resource, session) => captureImage(resource, session, ambient.clock),
    ship: (capture, previous, session) => shipImage(capture, previous, session, ambient),
    verify: (copy, depth, at) => verifyImage(copy, depth, at),
    scrub: (copies, after, at) => scrubImages(copies, after, at, readings),
    /** Glance takes several images of one name, and tells nobody what is left of a quota. */
    obstacles: () => Promise.resolve([]),
    restore: (copy, order, at) =>
      order.mode === 'failover' ? restoreLive(copy, at) : restoreScratch(copy, order, at, ambient),
    check: (copy, restored, order, at) => checkImage(copy, restored, order, at),
    discard: (copy, order, at) => discardImage(copy, order, at),
    inventory: (scratch, at) => inventoryImages(scratch, at),
    sweepExecution: (ended, at) => sweepScratchImages(ended, at),
    expire: (dropped, kept, at) => expireImages(dropped, kept, at, ambient.clock),
    /** An image leaves nothing in the primary. */
    tidy: () => Promise.resolve(),
    sweep: () => Promise.resolve(nothingSwept),
  } satisfies Mover<ImageCapture, ImageCopy>);
}
