import { z } from 'zod';
import {
  captureFields,
  catalogRef,
  copyFields,
  count,
  named,
  strict,
  strings,
  time,
} from '../schema.ts';
import type { ContainerCapture, ContainerCopy, ContainerPart } from './types.ts';

const part = {
  container: named,
  headers: strings,
  catalog: catalogRef,
  references: count,
  isWhole: z.boolean(),
};

export const containerSchema = {
  capture: strict<ContainerCapture>()({
    ...captureFields('container'),
    headers: strings,
    notes: z.array(z.string()),
    spool: named,
    objects: count,
    bytes: count,
  }),
  copy: strict<ContainerCopy>()({
    ...copyFields('container', 2),
    ...part,
    segments: z.array(strict<ContainerPart>()(part)),
    writtenSince: time,
    notes: z.array(z.string()),
  }),
  // 1 was a mirror with versions, of which no release came out.
  formats: [2],
} as const;
