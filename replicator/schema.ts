import { z } from 'zod';
import type { CatalogRef } from './bank/bank.ts';
import type { Lack, ResourceRef } from './mover.ts';

/** Strict, and the compiler tells when a field of the type is missing here: reading would refuse it. */
export function strict<T>() {
  return <S extends { readonly [K in keyof T]-?: z.ZodType<T[K]> }>(shape: S) =>
    z.strictObject(shape);
}

export const count = z.int().nonnegative();
export const time = z.iso.datetime({ offset: true });
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
export const strings = z.record(z.string(), z.string());
export const named = z.string().min(1);

export const catalogRef = strict<CatalogRef>()({
  object: named,
  sha256,
  rows: count,
  bytes: count,
});

function resourceOf<K extends string>(kind: K) {
  return strict<ResourceRef>()({ kind: z.literal(kind), id: named, name: z.string() });
}

/** What every capture has. */
export function captureFields<K extends string>(kind: K) {
  return { kind: z.literal(kind), resource: resourceOf(kind), dataTime: time };
}

/** What every copy has. */
export function copyFields<K extends string, N extends number>(kind: K, format: N) {
  return {
    ...captureFields(kind),
    format: z.literal(format),
    consistency: z.enum(['snapshot', 'backup', 'listing', 'immutable']),
    objects: count,
    bytes: count,
    lacks: z.array(strict<Lack>()({ object: z.string(), reason: z.string() })).optional(),
    lacking: count.optional(),
  };
}
