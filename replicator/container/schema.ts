import { z } from 'zod';
import { captureFields, catalogRef, copyFields, count, named, strict, strings } from '../schema.ts';
import type { ContainerCapture, ContainerCopy, MirrorCopy } from './types.ts';

const mirror = { container: named, headers: strings, mirror: named, catalog: catalogRef };

export const containerSchema = {
  capture: strict<ContainerCapture>()({
    ...captureFields('container'),
    headers: strings,
    spool: named,
    objects: count,
    bytes: count,
  }),
  copy: strict<ContainerCopy>()({
    ...copyFields('container', 1),
    ...mirror,
    segments: z.array(strict<MirrorCopy>()(mirror)),
    notes: z.array(z.string()),
  }),
  formats: [1],
} as const;
