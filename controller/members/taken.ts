import { FarshoreError } from '../../kernel/errors.ts';
import { resourceKey, type ResourceRef } from '../../replicator/mover.ts';
import type { GroupSpec } from '../model/types.ts';
import type { Sites } from '../sites.ts';
import { keys } from '../state/keys.ts';
import type { GroupMembers, GroupRecord } from '../state/records.ts';
import type { Table } from '../state/table.ts';

/** The groups, and what each of them has. */
export interface HeldMembers {
  readonly groups: Table<GroupRecord>;
  readonly members: Table<GroupMembers>;
}

export interface Taken {
  readonly resource: ResourceRef;
  /** The group that has it. */
  readonly by: GroupRecord;
}

export function describeTaken({ resource: { kind, name, id }, by }: Taken): string {
  return `${kind} ${name} (${id}) is protected by group ${by.spec.name} already`;
}

/**
 * Which of these another group has: two groups would ship one resource to one place, and their backups
 * would wait for each other. A project may be named by its name in one group and by its id in the other:
 * the region is asked only when the rest agrees. Throws what Keystone throws when it does not answer.
 */
export async function takenFrom(
  { name, source }: Pick<GroupSpec, 'name' | 'source'>,
  resources: readonly ResourceRef[],
  { groups, members }: HeldMembers,
  sites: Pick<Sites, 'region'>,
  signal: AbortSignal,
): Promise<readonly Taken[]> {
  const own = new Set(resources.map(resourceKey));
  const taken: Taken[] = [];
  for (const by of groups.values()) {
    const { spec: other } = by;
    if (other.name === name || other.source.region !== source.region) continue;
    const held = members.get(keys.members(other.name))?.resources ?? [];
    const both = held.filter((resource) => own.has(resourceKey(resource)));
    if (both.length === 0) continue;
    if (await isSameProject(source, other.source, sites, signal))
      taken.push(...both.map((resource) => ({ resource, by })));
  }
  return taken;
}

/** Of one region. */
async function isSameProject(
  a: GroupSpec['source'],
  b: GroupSpec['source'],
  sites: Pick<Sites, 'region'>,
  signal: AbortSignal,
): Promise<boolean> {
  if (a.project === b.project) return true;
  const region = sites.region(a.region);
  const idOf = async (project: string): Promise<string | null> => {
    try {
      return (await region.project(project, signal)).projectId;
    } catch (error) {
      // Gone, or closed to us: nothing is replicated from there.
      if (error instanceof FarshoreError && error.kind === 'permanent') return null;
      throw error;
    }
  };
  const id = await idOf(a.project);
  return id !== null && id === (await idOf(b.project));
}
