import { z } from 'zod';
import { kinds } from '../../replicator/kinds.ts';

const checks = Object.fromEntries(
  kinds.flatMap(({ costlyCheck }) => {
    if (costlyCheck === null) return [];
    const { param, how, description } = costlyCheck;
    return [[param, z.enum([how, 'none']).default(how).describe(description)]];
  }),
);

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
  // Each `none` or how it is compared; the compiler need not know their names.
  ...(checks as object),
  parallel: z
    .int()
    .min(1)
    .max(32)
    .optional()
    .describe('resources restored, and resources checked, at once; 4 unless given'),
} as const;
