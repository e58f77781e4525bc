import { z } from 'zod';

const milliseconds = z.int().min(0).max(86_400_000);

/** A change of the conditions, as the control endpoint takes it. */
export const conditionsInput = z.strictObject({
  down: z.exactOptional(z.enum(['no', 'refused', 'hanging'])),
  latencyMs: z.exactOptional(milliseconds),
  bytesPerSecond: z.exactOptional(z.int().min(1).nullable()),
  listingLagMs: z.exactOptional(milliseconds),
  isDiskFull: z.exactOptional(z.boolean()),
  backupService: z.exactOptional(z.enum(['up', 'stalled', 'down'])),
  volumeStorage: z.exactOptional(z.enum(['file', 'block'])),
  // Up to a hundred years either way.
  clockSkewMs: z.exactOptional(z.int().min(-3.2e12).max(3.2e12)),
  tokenLifetimeSeconds: z.exactOptional(z.int().min(1).max(3.2e9)),
});

export const requestFaultInput = z
  .strictObject({
    service: z.exactOptional(z.enum(['identity', 'object-store', 'image', 'block-storage'])),
    method: z.exactOptional(z.string().regex(/^[A-Z]+$/, 'is a method in capitals')),
    path: z.exactOptional(z.string().refine(isPattern, 'is a regular expression')),
    status: z.exactOptional(z.int().min(400).max(599)),
    retryAfterSeconds: z.exactOptional(z.int().min(0)),
    cutAfterBytes: z.exactOptional(z.int().min(0)),
    heldMs: z.exactOptional(milliseconds),
    times: z.int().min(1).nullable().default(null),
  })
  .refine(
    ({ status, cutAfterBytes, heldMs }) =>
      [status, cutAfterBytes, heldMs].some((each) => each !== undefined),
    'needs status, cutAfterBytes or heldMs',
  );

export const damageInput = z.strictObject({
  account: z.string(),
  container: z.string(),
  object: z.string(),
  kind: z.enum(['alter', 'truncate', 'delete']),
});
/** An object as if put through S3. */
export const partsInput = z.strictObject({
  account: z.string(),
  container: z.string(),
  object: z.string(),
  parts: z.int().min(2).max(10_000).default(2),
});
export type PartsInput = z.infer<typeof partsInput>;
export type DamageInput = z.infer<typeof damageInput>;

function isPattern(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}
