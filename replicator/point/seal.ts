import { FarshoreError } from '../../kernel/errors.ts';
import type { Bank } from '../bank/bank.ts';
import { signedBytes } from '../bank/signed.ts';
import { encodeManifest, manifestSha256 } from './manifest.ts';
import type { PointManifest, RecoveryPoint } from './types.ts';

export interface Sealed {
  readonly body: Buffer;
  readonly manifest: { readonly object: string; readonly sha256: string };
  readonly previous: PointManifest['previous'];
}

/** The manifest's bytes, signed, and their hash: the same for the same manifest and key. */
export async function seal(manifest: PointManifest, bank: Bank): Promise<Sealed> {
  const { group, id } = manifest;
  const body = await signedBytes(encodeManifest(manifest), (bytes) => bank.sign(bytes));
  const object = `${group}/points/${id}.json`;
  return { body, manifest: { object, sha256: manifestSha256(body) }, previous: manifest.previous };
}

/** The link to the point before it in the same region, given newest first. */
export function linkOf(
  points: readonly RecoveryPoint[],
  id: string,
  region: string,
): PointManifest['previous'] {
  const newest = points.find((point) => point.id !== id && point.region === region);
  if (newest === undefined) return null;
  const { id: before, sequence, manifest } = newest;
  return { id: before, sha256: manifest.sha256, sequence };
}

/** Written and read back: Swift's word that it has it is not taken for it. */
export async function writeManifest(
  { group, id }: Pick<PointManifest, 'group' | 'id'>,
  sealed: Sealed,
  bank: Bank,
  signal: AbortSignal,
): Promise<void> {
  const written = await bank.writeManifest(group, id, sealed.body, signal);
  const read = await bank.readManifest(group, id, signal);
  if (read?.equals(sealed.body) === true && written.object === sealed.manifest.object) return;
  const found = read === null ? 'nothing' : `${read.length} other bytes`;
  throw new FarshoreError(`wrote ${sealed.body.length} bytes and read back ${found}`, {
    code: 'bank.manifest-altered',
    kind: 'transient',
    operation: 'write manifest',
    subject: `${bank.container}/${written.object}`,
    hint: "check the health of the secondary's object store",
  });
}
