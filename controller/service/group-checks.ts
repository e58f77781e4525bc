import { FarshoreError } from '../../kernel/errors.ts';
import type { PreflightContext } from '../../replicator/kind.ts';
import { kinds } from '../../replicator/kinds.ts';
import type { ResourceRef } from '../../replicator/mover.ts';
import type { Fault } from '../input/fault.ts';
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
  const at = { source, ownContainers: ownContainers(sites, regions.source) };
  const resolved = await resolveMembers(spec.members, at, signal);
  faults.push(...resolved.faults);
  if (target !== null) {
    const sharedSwift =
      sites.region(regions.source).swiftCluster === sites.region(regions.target).swiftCluster;
    const { mappings } = spec.target;
    const context = { group: spec.name, source, target, sharedSwift, mappings, signal };
    faults.push(...(await preflight(resolved, context)));
  }
  return { resources: resolved.resources, faults };
}

function isProjectFault(error: unknown): error is FarshoreError {
  return (
    error instanceof FarshoreError &&
    (error.code === 'identity.project-unknown' || error.code === 'identity.right-missing')
  );
}

/** Of a kind without members too: a mapping may name what is not there. */
async function preflight(
  { found }: Resolved,
  context: PreflightContext,
): Promise<readonly Fault[]> {
  const faults: Fault[] = [];
  for (const kind of kinds)
    faults.push(...(await kind.preflight(found.get(kind.name) ?? [], context)));
  return faults;
}
