import type { TargetContext } from '../../mover.ts';
import { catalogRows, expiryMs, type CatalogRow } from '../catalog/row.ts';
import type { MirrorCopy } from '../types.ts';
import type { RestoreDeps } from './deps.ts';

/** The point's objects that have not expired since. */
export async function* livingRows(
  mirror: MirrorCopy,
  at: TargetContext,
  deps: RestoreDeps,
): AsyncGenerator<CatalogRow> {
  const nowMs = deps.ambient.clock.now();
  for await (const row of catalogRows(at.bank.readCatalog(mirror.catalog, at.signal)))
    if (expiryMs(row.headers) > nowMs) yield row;
}
