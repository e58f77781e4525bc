import { FarshoreError } from '../../kernel/errors.ts';
import {
  abilitiesOf,
  containerNameFault,
  type StoreAbilities,
} from '../../regions/object-store/abilities.ts';
import type { Candidate, DocumentFault, PreflightContext } from '../kind.ts';
import { groupMark, groupMarkValue, mirrorName } from './naming.ts';

const path = 'members';

/** Mirrors need versions, and names that nobody else uses in the target. */
export async function preflightContainers(
  found: readonly Candidate[],
  at: PreflightContext,
): Promise<readonly DocumentFault[]> {
  if (found.length === 0) return [];
  const { target, signal } = at;
  const faults: DocumentFault[] = [];
  const abilities = abilitiesOf(await target.objectStore.info(signal));
  for (const message of storeFaults(abilities, target.region)) faults.push({ path, message });
  for (const { name } of found) {
    const fault = containerNameFault(name, abilities);
    if (fault !== undefined)
      faults.push({
        path,
        message: `container ${name} cannot be made in ${target.region}: ${fault}`,
      });
    const taken = await takenFault(name, at);
    if (taken !== null) faults.push(taken);
  }
  return faults;
}

function storeFaults(abilities: StoreAbilities, region: string): readonly string[] {
  const { kind, name, versions, largeObjects } = abilities;
  if (kind === 'ceph-rgw')
    return [
      `containers cannot be kept in ${region}: its object store is ${name}, which has no object versioning; volumes and images can`,
    ];
  return [...(versions ? [] : ['object_versioning']), ...(largeObjects ? [] : ['slo'])].map(
    (ability) =>
      `containers need ${ability} in the Swift of ${region}: enable that middleware in its proxy's pipeline`,
  );
}

async function takenFault(
  container: string,
  { group, target, sharedSwift, signal }: PreflightContext,
): Promise<DocumentFault | null> {
  let mirror: string;
  try {
    mirror = mirrorName(container, group, sharedSwift);
  } catch (error) {
    if (!(error instanceof FarshoreError)) throw error;
    return { path, message: `container ${container}: ${error.message}; ${error.hint ?? ''}` };
  }
  const found = await target.objectStore.headContainer(mirror, signal);
  if (found === null || found.headers[groupMark] === groupMarkValue(group)) return null;
  const owner = found.headers[groupMark];
  const whose = owner === undefined ? 'and is not a mirror' : `as the mirror of group ${owner}`;
  return {
    path,
    message: `container ${mirror} exists in ${target.region} already ${whose}: rename or delete it there, or leave ${container} out`,
  };
}
