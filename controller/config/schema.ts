import { z } from 'zod';
import { defaultMaxCalls } from '../../regions/region-config.ts';
import { parseDuration } from '../input/duration.ts';
import { duration, objectName } from '../model/fields.ts';
import { raftSchema } from './raft-schema.ts';

const text = z.string().min(1, 'expected a text').max(1024);

const region = z.strictObject({
  cloud: text,
  region: text.optional(),
  interface: z.enum(['public', 'internal', 'admin']).optional(),
  swiftCluster: objectName.optional(),
  maxCalls: z.number().int().min(1).max(256).default(defaultMaxCalls),
  /** In milliseconds. */
  listingLag: duration.transform((text) => (parseDuration(text) ?? 0) * 1000).optional(),
  bank: z
    .strictObject({
      project: text.optional(),
      container: z
        .string()
        .regex(/^[^/]{1,256}$/, 'expected 1 to 256 characters without /')
        .default('farshore'),
    })
    .prefault({}),
});

/** The controller's file as it is written; see the folder's README for what each field does. */
export const configSchema = z.strictObject({
  dataDir: text.default('./.farshore'),
  api: z.strictObject({ listen: text.default('127.0.0.1:8470') }).prefault({}),
  log: z
    .strictObject({ level: z.enum(['debug', 'info', 'warn', 'error']).default('info') })
    .prefault({}),
  limits: z
    .strictObject({
      sessions: z.number().int().min(1).max(256).default(2),
      resources: z.number().int().min(1).max(64).default(4),
    })
    .prefault({}),
  regions: z
    .record(objectName, region)
    .refine((regions) => Object.keys(regions).length > 0, 'expected at least one region')
    .optional(),
  raft: raftSchema.optional(),
});

export type ConfigFile = z.output<typeof configSchema>;
