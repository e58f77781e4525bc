import type { TargetContext } from '../../mover.ts';
import { catalogRows, expiryMs, kindOf, type CatalogRow } from '../catalog/row.ts';
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

/** Of each part that has any, by its container: what refers to others. */
export function referringRows(
  parts: readonly ContainerPart[],
  at: TargetContext,
  deps: RestoreDeps,
): readonly (readonly [container: string, rows: () => AsyncIterable<CatalogRow>])[] {
  return parts
    .filter(({ references }) => references > 0)
    .map((part) => [part.container, () => referring(livingRows(part, at, deps))] as const);
}

/** Those that refer to others. */
export async function* referring(rows: AsyncIterable<CatalogRow>): AsyncGenerator<CatalogRow> {
  for await (const row of rows) if (kindOf(row) !== 'plain') yield row;
}
