import { z } from 'zod';
import type { SessionContext } from '../mover.ts';

/** What a policy says of volumes, under `volumes`. */
export const volumeOptions = z
  .strictObject({
    maxIncrementals: z
      .number()
      .int()
      .min(0)
      .max(100)
      .default(6)
      .describe('A new full backup is made after this many incrementals.'),
  })
  .prefault({});

export const volumeMappings = {
  volumeTypes: 'Volume types of the target by those of the source; others keep their name.',
} as const;

/** A new full backup is made once a chain holds this many incrementals. */
export function maxIncrementals({ options }: Pick<SessionContext, 'options'>): number {
  return volumeOptions.parse(options['volume']).maxIncrementals;
}

/** The secondary's volume type for the source's; a type that is not named maps to itself. */
export function targetTypeOf(type: string, { mappings }: Pick<SessionContext, 'mappings'>): string {
  return mappings['volumeTypes']?.[type] ?? type;
}
