import { z } from 'zod';
import { parseByteRate } from '../input/byte-rate.ts';
import { parseDuration } from '../input/duration.ts';

/** Names of policies, groups and regions: parts of URLs, object names and metric labels. */
export const objectName = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9-]{0,62}$/,
    'expected 1 to 63 lower-case letters, digits and dashes, the first no dash',
  );

export const duration = z
  .string()
  .refine(
    (text) => parseDuration(text) !== null,
    'expected a duration such as 30s, 15m, 4h, 1d or 1h30m',
  )
  .meta({ description: 'A duration: 30s, 15m, 4h, 1d, 1h30m.' });

export const byteRate = z
  .string()
  .refine(
    (text) => parseByteRate(text) !== null,
    'expected bytes a second such as 512KiB/s, 50MiB/s or 1GiB/s',
  )
  .meta({ description: 'Bytes a second: 512KiB/s, 50MiB/s, 1GiB/s.' });
