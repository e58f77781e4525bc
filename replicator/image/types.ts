import type { Image } from '../../regions/image/types.ts';
import type { CopyBase, ResourceRef } from '../mover.ts';

export interface ImageCapture {
  readonly kind: 'image';
  readonly resource: ResourceRef;
  readonly dataTime: string;
  readonly image: Image;
  /** Project ids in the source's Keystone. */
  readonly members: readonly string[];
}

export interface ImageCopy extends CopyBase {
  readonly kind: 'image';
  readonly image: Image;
  readonly members: readonly string[];
  /** The source's id where it was free. */
  readonly targetImageId: string;
  /** What the target's Glance must report and the bytes must hash to. */
  readonly hashAlgo: string;
  readonly hashValue: string;
}
