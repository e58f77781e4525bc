import { FarshoreError } from '../../../kernel/errors.ts';
import { isMd5 } from '../../../regions/object-store/etag.ts';
import type { ListingRow, ObjectInfo } from '../../../regions/object-store/types.ts';
import type { ShipContext } from './context.ts';

/** How Ceph marks a large object when it is asked for the manifest, of which it gives nothing. */
const hiddenLarge = 'x-object-meta-static-large-object';

/**
 * Throws, with the object's name, where the store gives something else than the object: equal hashes
 * with unequal lengths cannot be one object, and Ceph gives a large object's manifest as no bytes at
 * all. Whatever came would be stored, and proven, and be nothing that the source ever held.
 */
export function assertAsListed(ctx: ShipContext, source: ListingRow, info: ObjectInfo): void {
  const subject = `${ctx.container}/${source.name}`;
  const isHidden = info.headers[hiddenLarge] !== undefined && !info.isSlo;
  if (isHidden)
    throw unusable(
      'container.large-object-unreadable',
      'it is a large object, and this object store does not give its manifest',
      'Ceph RGW keeps manifests to itself; store the object in one piece, or leave its container out',
      subject,
    );
  const isOtherLength = info.etag === source.hash && info.bytes !== source.bytes;
  if (!isOtherLength || info.isSlo || info.symlinkTarget !== undefined) return;
  throw unusable(
    'container.object-contradicted',
    `listed with ${source.bytes} bytes, read as ${info.bytes}, under one hash ${info.etag}`,
    'a large object of a store that does not give its manifest looks like this; else ask who runs that store',
    subject,
  );
}

export function assertWhole(
  ctx: ShipContext,
  name: string,
  expected: number,
  received: number,
): void {
  if (expected === received) return;
  throw new FarshoreError(`${received} bytes came of ${expected}`, {
    code: 'container.object-cut-off',
    kind: 'transient',
    operation: 'read object',
    subject: `${ctx.container}/${name}`,
  });
}

function unusable(code: string, message: string, hint: string, subject: string): FarshoreError {
  return new FarshoreError(message, {
    code,
    kind: 'permanent',
    operation: 'read object',
    subject,
    hint,
  });
}

/** Undefined where the ETag is no hash of the bytes. */
export function md5Of(etag: string): string | undefined {
  return isMd5(etag) ? etag : undefined;
}
