import { FarshoreError } from '../../kernel/errors.ts';
import type { Bank } from '../bank/bank.ts';
import type { Copy } from '../mover.ts';
import { isTooLarge } from '../bank/documents.ts';
import { decodeManifest, isNotUnderstood, manifestSha256 } from './manifest.ts';
import type { NewPoint, PointManifest } from './types.ts';

/**
 * The manifest that the point was committed with, or `point.manifest-missing`,
 * `point.manifest-altered`: the head holds its hash, so not a byte of another one is trusted.
 */
export async function readManifest(
  bank: Bank,
  point: NewPoint,
  signal: AbortSignal,
): Promise<PointManifest> {
  const body = await bank.readManifest(point.group, point.id, signal).catch((error: unknown) => {
    if (!isTooLarge(error)) throw error;
    throw damage(point, 'point.manifest-altered', `${error.subject}: ${error.message}`);
  });
  if (body === null)
    throw damage(point, 'point.manifest-missing', 'the bank does not hold the manifest');
  const sha256 = manifestSha256(body);
  if (sha256 !== point.manifest.sha256)
    throw damage(
      point,
      'point.manifest-altered',
      `expected SHA-256 ${point.manifest.sha256}, found ${sha256} of ${body.length} bytes`,
    );
  return decodeManifest(body, point);
}

/** What a manifest says, or why it says nothing; which of both it is decides nothing about the region. */
export type ManifestLook =
  | { readonly state: 'read'; readonly copies: readonly Copy[] }
  | { readonly state: 'damaged'; readonly error: FarshoreError }
  | { readonly state: 'not-understood'; readonly error: unknown };

/** Throws what the region throws when it cannot be asked: that says nothing about the manifest. */
export async function lookAtManifest(
  bank: Bank,
  point: NewPoint,
  signal: AbortSignal,
): Promise<ManifestLook> {
  try {
    return { state: 'read', copies: (await readManifest(bank, point, signal)).copies };
  } catch (error) {
    if (isManifestDamage(error)) return { state: 'damaged', error };
    if (isNotUnderstood(error)) return { state: 'not-understood', error };
    throw error;
  }
}

/** True when the manifest itself is what is damaged; false when it could not be asked for. */
export function isManifestDamage(error: unknown): error is FarshoreError {
  return error instanceof FarshoreError && damageCodes.has(error.code);
}

const damageCodes: ReadonlySet<string> = new Set([
  'point.manifest-missing',
  'point.manifest-altered',
  'point.manifest-invalid',
]);

function damage(point: NewPoint, code: string, message: string): FarshoreError {
  return new FarshoreError(message, {
    code,
    kind: 'permanent',
    operation: 'read manifest',
    subject: point.manifest.object,
    hint: `run farshore point verify ${point.group} ${point.id}; another proven point can be restored meanwhile`,
  });
}
