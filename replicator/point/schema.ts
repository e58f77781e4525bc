import { z } from 'zod';
import { kinds } from '../kinds.ts';
import type { Copy, ResourceRef } from '../mover.ts';
import { count, named, sha256, strict, time } from '../schema.ts';
import type { LackingResource, PointManifest } from './types.ts';

const byKind = new Map(kinds.map(({ name, schema }) => [name, schema.copy]));

/** A copy as its kind's own schema has it; the faults name the fields of that. */
const copy = z.looseObject({ kind: z.string() }).transform((value, context): Copy => {
  const parsed = byKind.get(value.kind)?.safeParse(value);
  if (parsed?.success === true) return parsed.data;
  const issues = parsed?.error.issues ?? [
    { code: 'custom', path: ['kind'], message: `there is no kind of resource ${value.kind}` },
  ];
  for (const { path, message } of issues) context.addIssue({ code: 'custom', path, message });
  return z.NEVER;
});

const resource = strict<ResourceRef>()({ kind: named, id: named, name: z.string() });

/** A manifest as it lies in the bank. Anything else, one field more included, is not one. */
export const manifestSchema = strict<PointManifest>()({
  version: z.literal(1),
  id: named,
  group: named,
  generation: count,
  sessionId: named,
  sourceRegion: named,
  region: named,
  cutStart: time,
  cutEnd: time,
  dataTime: time,
  previous: z.strictObject({ id: named, sha256 }).nullable(),
  copies: z.array(copy).min(1),
  lacks: z.array(strict<LackingResource>()({ resource, code: named, message: z.string() })),
});
