import type { HeaderMap, ListingRow, ObjectInfo } from '../../../regions/object-store/types.ts';
import { expiryMs, fromWire, metadataOf, type CatalogRow } from '../catalog/row.ts';
import type { Outcome, ShipContext } from './context.ts';

/** What expires sooner than this could be refused when it is stored, and is of no use at a recovery. */
const expiryMarginMs = 60_000;

/** The time of an object that changed is its own, so that the next session compares with what was taken. */
export function rowOf(ctx: ShipContext, source: ListingRow, info: ObjectInfo): CatalogRow {
  const isAsListed = isListed(source, info);
  const headers = withoutAccount(metadataOf(info), ctx.session.source.objectStore.account);
  const contentType = fromWire(info.contentType);
  const type = isAsListed ? source.contentType : undefined;
  return {
    name: source.name,
    bytes: isAsListed ? source.bytes : info.bytes,
    contentType,
    listed: {
      hash: isAsListed ? source.hash : info.etag,
      at: isAsListed ? source.lastModified : info.lastModified,
      ...(type === undefined || type === contentType ? {} : { type }),
    },
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
  };
}

function isListed(source: ListingRow, info: ObjectInfo): boolean {
  if (info.isSlo) return info.etag === source.sloEtag;
  // A static link is listed with its target's hash, and read with its own.
  if (info.symlinkTarget !== undefined) return source.sloEtag === undefined;
  return info.etag === source.hash;
}

/** A symlink into the source's own account must lead into the target's own. */
function withoutAccount(headers: HeaderMap, account: string): HeaderMap {
  const { 'x-symlink-target-account': target, ...rest } = headers;
  return target === account ? rest : headers;
}

/** Why the object is no part of the point; null when it is one. */
export function absence(ctx: ShipContext, name: string, found: 'gone'): Outcome;
export function absence(ctx: ShipContext, name: string, found: ObjectInfo): Outcome | null;
export function absence(
  ctx: ShipContext,
  name: string,
  found: ObjectInfo | 'gone',
): Outcome | null {
  if (found === 'gone') {
    ctx.tally.gone += 1;
    return { name, absent: true };
  }
  const expires = expiryMs(metadataOf(found));
  if (expires > ctx.ambient.clock.now() + expiryMarginMs) return null;
  ctx.tally.expiring += 1;
  return { name, absent: true };
}
