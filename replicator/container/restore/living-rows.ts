import type { TargetContext } from '../../mover.ts';
import { catalogRows, expiryMs, type CatalogRow } from '../catalog/row.ts';
import type { ContainerPart } from '../types.ts';
import type { RestoreDeps } from './deps.ts';

/** The point's objects that have not expired since. */
export async function* livingRows(
  part: ContainerPart,
  at: TargetContext,
  deps: RestoreDeps,
): AsyncGenerator<CatalogRow> {
  const nowMs = deps.ambient.clock.now();
  for await (const row of catalogRows(at.bank.readCatalog(part.catalog, at.signal)))
    if (expiryMs(row.headers) > nowMs) yield row;
}
