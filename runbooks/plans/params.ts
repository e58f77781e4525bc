import { z } from 'zod';

/** What every plan that restores from a point can be told. */
export const recoveryParams = {
  point: z
    .string()
    .min(1)
    .optional()
    .describe('id of the recovery point to take first; the newest proven one unless given'),
  verify: z
    .enum(['content', 'listing'])
    .default('content')
    .describe(
      'how deeply the point is checked before anything is restored: content (every byte; the default) or listing',
    ),
  verifyVolumes: z
    .enum(['image', 'none'])
    .default('image')
    .describe(
      'how restored volumes are compared: image (their bytes, read through a temporary image; the default) or none (reported as unchecked)',
    ),
  parallel: z
    .int()
    .min(1)
    .max(32)
    .optional()
    .describe('resources restored, and resources checked, at once; 4 unless given'),
} as const;
