import type { Kind } from '../kind.ts';
import { fenceImage, unfenceImage } from './fence.ts';
import { findImages } from './find.ts';
import { createImageMover } from './mover.ts';
import { imageSchema } from './schema.ts';
import type { ImageCapture, ImageCopy } from './types.ts';

export const imageKind: Kind<ImageCapture, ImageCopy> = {
  name: 'image',
  plural: 'images',
  after: [],
  options: null,
  mappings: {},
  costlyCheck: null,
  mover: createImageMover,
  schema: imageSchema,
  needs: () => [],
  catalogs: () => [],
  identity: ({ targetImageId, hashAlgo, hashValue }) => [targetImageId, hashAlgo, hashValue],
  storedThings: ({ targetImageId }) => [`image/${targetImageId}`],
  // Findings name nothing else.
  refersTo: () => Promise.resolve([]),
  survives: () => false,
  // Glance never changes an image's data.
  changedShare: () => 0,
  find: findImages,
  // Every Glance takes every image.
  preflight: () => Promise.resolve([]),
  fence: fenceImage,
  unfence: unfenceImage,
};
