import { z } from 'zod';
import type { Image, ImageMember } from '../../regions/image/types.ts';
import { captureFields, copyFields, count, named, strict, strings } from '../schema.ts';
import type { ImageCapture, ImageCopy } from './types.ts';

const image = strict<Image>()({
  id: named,
  name: z.string(),
  status: z.string(),
  visibility: z.enum(['public', 'private', 'shared', 'community']),
  protected: z.boolean(),
  hidden: z.boolean(),
  owner: z.string().nullable(),
  diskFormat: z.string().nullable(),
  containerFormat: z.string().nullable(),
  minDiskGib: count,
  minRamMib: count,
  tags: z.array(z.string()),
  sizeBytes: count.nullable(),
  virtualSizeBytes: count.nullable(),
  checksum: z.string().nullable(),
  hashAlgo: z.string().nullable(),
  hashValue: z.string().nullable(),
  createdAt: z.string(),
  updatedAt: z.string(),
  properties: strings,
});

const notes = z.array(z.string());
const members = z.array(strict<ImageMember>()({ memberId: named, status: z.string() }));

export const imageSchema = {
  capture: strict<ImageCapture>()({ ...captureFields('image'), image, members, notes }),
  copy: strict<ImageCopy>()({
    ...copyFields('image', 1),
    image,
    members,
    notes,
    targetImageId: named,
    hashAlgo: named,
    hashValue: named,
  }),
  formats: [1],
} as const;
