import { z } from 'zod';
import { kinds } from '../kinds.ts';
import type { Copy, ResourceRef } from '../mover.ts';
import { count, named, sha256, strict, time } from '../schema.ts';
import { manifestFormat } from './formats.ts';
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

/** The compiler tells when a field of the type is missing here; one more in the bank is kept and not minded. */
function tolerant<T>() {
  return <S extends { readonly [K in keyof T]-?: z.ZodType<T[K]> }>(shape: S) =>
    z.looseObject(shape);
}

/** A manifest as it lies in the bank: the envelope is tolerant, its copies are strict. */
export const manifestSchema = tolerant<PointManifest>()({
  format: z.literal(manifestFormat),
  installation: named,
  id: named,
  group: named,
  generation: count,
  sessionId: named,
  sourceRegion: named,
  region: named,
  cutStart: time,
  cutEnd: time,
  dataTime: time,
  previous: z.strictObject({ id: named, sha256, sequence: z.int().min(1) }).nullable(),
  copies: z.array(copy).min(1),
  lacks: z.array(strict<LackingResource>()({ resource, code: named, message: z.string() })),
});

/** As much of any manifest, of whatever release, as tells which formats it is made of. */
export const formatsSchema = z.looseObject({
  format: z.int().optional(),
  version: z.int().optional(),
  copies: z.array(z.looseObject({ kind: z.string(), format: z.int() })).optional(),
});
