import type { TargetContext } from '../../mover.ts';
import { catalogRows, expiryMs, kindOf, type CatalogRow, type RowKind } from '../catalog/row.ts';
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

/** What refers to others. */
export const referringKinds: readonly RowKind[] = ['dlo', 'slo', 'symlink'];

/** Of each part that has any, by its container: what refers to others. */
export function referringRows(
  parts: readonly ContainerPart[],
  at: TargetContext,
  deps: RestoreDeps,
): readonly (readonly [container: string, rows: () => AsyncIterable<CatalogRow>])[] {
  return parts
    .filter(({ references }) => references > 0)
    .map(
      (part) =>
        [part.container, () => ofKinds(livingRows(part, at, deps), referringKinds)] as const,
    );
}

/** Those of some kinds. */
export async function* ofKinds(
  rows: AsyncIterable<CatalogRow>,
  kinds: readonly RowKind[],
): AsyncGenerator<CatalogRow> {
  for await (const row of rows) if (kinds.includes(kindOf(row))) yield row;
}
