import { z } from 'zod';
import { duration, objectName } from '../model/fields.ts';

const text = z.string().min(1, 'expected a text').max(1024);

/** An etcd that others run. */
const external = z.strictObject({
  endpoints: z.array(text).min(1).max(16),
  ca: text.optional(),
  cert: text.optional(),
  key: text.optional(),
  user: text.optional(),
  passwordFile: text.optional(),
});

/** The section `raft`: controllers at several sites. What it means is in the folder's README. */
export const raftSchema = z.strictObject({
  site: objectName,
  region: objectName.optional(),
  sites: z.record(objectName, text).optional(),
  etcd: external.optional(),
  roundTripMs: z.number().min(1).max(1000).default(40),
  snapshots: z
    .strictObject({
      every: duration.default('1h'),
      keep: z.number().int().min(1).max(1000).default(24),
    })
    .prefault({}),
});

export type RaftSection = z.output<typeof raftSchema>;
