import { FarshoreError } from '../../kernel/errors.ts';
import {
  abilitiesOf,
  containerNameFault,
  type StoreAbilities,
} from '../../regions/object-store/abilities.ts';
import type { ProjectScope } from '../../regions/region.ts';
import { groupMark, groupMarkValue, mirrorName } from '../../replicator/container/naming.ts';
import type { ResourceRef } from '../../replicator/mover.ts';
import type { Fault } from '../input/fault.ts';
import { nearest } from '../input/nearest.ts';
import { ownContainers } from '../members/own-containers.ts';
import { resolveMembers, type Resolved } from '../members/resolve.ts';
import type { GroupSpec } from '../model/types.ts';
import type { Sites } from '../sites.ts';

export interface GroupCheck {
  readonly resources: readonly ResourceRef[];
  readonly faults: readonly Fault[];
}

/**
 * Asks both regions whether the group can be protected as it is written; nothing is changed there.
 * Faults name the field. Throws where a region cannot be asked: then nothing is known.
 */
export async function checkGroup(
  spec: GroupSpec,
  regions: { readonly source: string; readonly target: string },
  sites: Sites,
  signal: AbortSignal,
): Promise<GroupCheck> {
  const faults: Fault[] = [];
  const open = async (region: string, project: string, path: string) => {
    try {
      return await sites.region(region).project(project, signal);
    } catch (error) {
      if (!isProjectFault(error)) throw error;
      faults.push({ path, message: `${project}: ${error.message}; ${error.hint ?? ''}` });
      return null;
    }
  };
  const source = await open(regions.source, spec.source.project, 'source.project');
  const target = await open(regions.target, spec.target.project, 'target.project');
  if (source === null) return { resources: [], faults };
  const own = ownContainers(sites, regions.source);
  const resolved = await resolveMembers(spec.members, source, own, signal);
  faults.push(...resolved.faults);
  if (target !== null) {
    faults.push(...(await volumeTypeFaults(spec, resolved, target, signal)));
    faults.push(...(await rightFaults(resolved.resources, target, signal)));
    const isShared =
      sites.region(regions.source).swiftCluster === sites.region(regions.target).swiftCluster;
    faults.push(
      ...(await containerFaults(spec.name, resolved.resources, target, isShared, signal)),
    );
  }
  return { resources: resolved.resources, faults };
}

function isProjectFault(error: unknown): error is FarshoreError {
  return (
    error instanceof FarshoreError &&
    (error.code === 'identity.project-unknown' || error.code === 'identity.right-missing')
  );
}

/** A backup's record cannot be brought to the target without it, and no session could end. */
async function rightFaults(
  resources: readonly ResourceRef[],
  { region, blockStorage }: ProjectScope,
  signal: AbortSignal,
): Promise<readonly Fault[]> {
  if (!resources.some(({ kind }) => kind === 'volume')) return [];
  if (await blockStorage.mayImportRecords(signal)) return [];
  const message = `volumes need the right backup:backup-import in ${region}: give Farshore's user the admin role in that project, or grant the right in Cinder's policy file`;
  return [{ path: 'target.project', message }];
}

/** Every volume's type, as it is mapped, is one of the target's. */
async function volumeTypeFaults(
  { target: { volumeTypes } }: GroupSpec,
  resolved: Resolved,
  target: ProjectScope,
  signal: AbortSignal,
): Promise<readonly Fault[]> {
  const mapped = Object.keys(volumeTypes);
  if (resolved.volumeTypes.size === 0 && mapped.length === 0) return [];
  const known: string[] = [];
  for await (const { name } of target.blockStorage.listVolumeTypes(signal)) known.push(name);
  return [...new Set([...mapped, ...resolved.volumeTypes])]
    .map((type) => ({ type, wanted: volumeTypes[type] ?? type }))
    .filter(({ wanted }) => !known.includes(wanted))
    .map(({ type, wanted }) => {
      const near = nearest(wanted, known);
      const hint = near === null ? `known are ${known.join(', ')}` : `did you mean ${near}?`;
      const message = `there is no volume type ${wanted} in ${target.region}; ${hint}`;
      return { path: `target.volumeTypes.${type}`, message };
    });
}

/** Mirrors need versions, and names that nobody else uses in the target. */
async function containerFaults(
  group: string,
  resources: readonly ResourceRef[],
  target: ProjectScope,
  isShared: boolean,
  signal: AbortSignal,
): Promise<readonly Fault[]> {
  const containers = resources.filter(({ kind }) => kind === 'container');
  if (containers.length === 0) return [];
  const faults: Fault[] = [];
  const abilities = abilitiesOf(await target.objectStore.info(signal));
  for (const message of storeFaults(abilities, target.region))
    faults.push({ path: 'members', message });
  for (const { name } of containers) {
    const fault = containerNameFault(name, abilities);
    if (fault !== undefined)
      faults.push({
        path: 'members',
        message: `container ${name} cannot be made in ${target.region}: ${fault}`,
      });
    const taken = await takenFault(group, name, target, isShared, signal);
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
  group: string,
  container: string,
  target: ProjectScope,
  isShared: boolean,
  signal: AbortSignal,
): Promise<Fault | null> {
  const path = 'members';
  let mirror: string;
  try {
    mirror = mirrorName(container, group, isShared);
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
