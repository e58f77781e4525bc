import type { Image, ImageMember } from '../../regions/image/types.ts';
import type { Capture, Copy } from '../mover.ts';

export interface ImageCapture extends Capture {
  readonly kind: 'image';
  readonly image: Image;
  /** Of a shared image; project ids of the source's Keystone. */
  readonly members: readonly ImageMember[];
  /** What the copy will not have as the source has it. */
  readonly notes: readonly string[];
}

export interface ImageCopy extends Copy {
  readonly kind: 'image';
  readonly format: 1;
  readonly image: Image;
  readonly members: readonly ImageMember[];
  readonly notes: readonly string[];
  /** The source's id where it was free. */
  readonly targetImageId: string;
  /** What the target's Glance must report and the bytes must hash to; the algorithm by Glance's name. */
  readonly hashAlgo: string;
  readonly hashValue: string;
}
