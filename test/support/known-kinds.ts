import type { ContainerCapture, ContainerCopy } from '../../replicator/container/types.ts';
import type { ImageCapture, ImageCopy } from '../../replicator/image/types.ts';
import type { Copy } from '../../replicator/mover.ts';
import type { VolumeCapture, VolumeCopy } from '../../replicator/volume/types.ts';

/** The kinds that worlds in memory and simulated regions have resources of. */
export type KnownCapture = VolumeCapture | ImageCapture | ContainerCapture;
export type KnownCopy = VolumeCopy | ImageCopy | ContainerCopy;

/** Of a copy that these worlds' own movers made. */
export function known(copy: Copy): KnownCopy {
  return copy as KnownCopy;
}

export function unknownKind(kind: string): never {
  throw new Error(`no resources of kind ${kind} here`);
}
