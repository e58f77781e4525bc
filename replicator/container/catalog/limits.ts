import type { StoreAbilities } from '../../../regions/object-store/abilities.ts';
import { kindOf, type CatalogRow } from './row.ts';

/**
 * Why a store cannot hold the object as it is; null when it can. Ceph RGW says 201 to all of these and
 * makes something else of them: an empty object of a link, whole segments of parts of them.
 */
export function limitOf(row: CatalogRow, abilities: StoreAbilities): string | null {
  const { name, symlinks, nestsManifests } = abilities;
  if (kindOf(row) === 'symlink' && !symlinks) return `are links, which ${name} does not have`;
  const isPlainManifest = (row.manifest ?? []).every(
    ({ range, data }) => range === undefined && data === undefined,
  );
  if (!isPlainManifest && !nestsManifests)
    return `are large objects of parts of segments or with data in the manifest, which ${name} does not have`;
  return null;
}
