import type { ProjectScope } from '../../regions/region.ts';
import { resourceKey, type ResourceRef } from '../../replicator/mover.ts';
import type { Fault } from '../input/fault.ts';
import type { Member } from '../model/types.ts';
import { type Candidate, type Finder, finderOf } from './find.ts';

/** More than a session can carry at once; a wrong pattern is the likelier reason. */
const maxResources = 1000;

export interface Resolved {
  /** In the order of the members, each once. */
  readonly resources: readonly ResourceRef[];
  /** Of all volumes among them. */
  readonly volumeTypes: ReadonlySet<string>;
  /** What is named and not there, ambiguous, or cannot be protected; paths as in the document. */
  readonly faults: readonly Fault[];
}

/**
 * What the members stand for at this moment. A name means the one resource that bears it; a selector
 * may match none. Throws what the services throw when they cannot be asked.
 */
export async function resolveMembers(
  members: readonly Member[],
  scope: ProjectScope,
  own: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<Resolved> {
  const resources = new Map<string, ResourceRef>();
  const volumeTypes = new Set<string>();
  const faults: Fault[] = [];
  for (const [index, member] of members.entries()) {
    const finder = finderOf(member.kind, scope, own);
    const isNamed = 'nameOrId' in member;
    const path = `members[${index}].${member.kind}${isNamed ? '' : 's'}`;
    const found = isNamed
      ? await named(member.nameOrId, member.kind, finder, signal)
      : await gather(finder.matching(member, signal));
    if (typeof found === 'string') {
      faults.push({ path, message: found });
      continue;
    }
    for (const { id, name, obstacle, volumeType } of found) {
      if (volumeType !== undefined) volumeTypes.add(volumeType);
      if (obstacle !== null) faults.push({ path, message: `${name} (${id}): ${obstacle}` });
      const resource = { kind: member.kind, id, name };
      resources.set(resourceKey(resource), resource);
    }
  }
  if (resources.size > maxResources)
    faults.push({
      path: 'members',
      message: `more than ${maxResources} resources match: split the group`,
    });
  return { resources: [...resources.values()], volumeTypes, faults };
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Or what is wrong. Only what looks like an id is asked for as one: Glance refuses others. */
async function named(
  nameOrId: string,
  kind: Member['kind'],
  finder: Finder,
  signal: AbortSignal,
): Promise<readonly Candidate[] | string> {
  if (kind === 'container' || uuid.test(nameOrId)) {
    const found = await finder.byId(nameOrId, signal);
    if (found !== null) return [found];
  }
  const found = await gather(finder.byName(nameOrId, signal));
  if (found.length > 1) {
    const ids = found.map(({ id }) => id).join(', ');
    return `${found.length} ${kind}s bear the name ${nameOrId}: name one by its id: ${ids}`;
  }
  return found.length === 1 ? found : `there is no ${kind} ${nameOrId} in the source project`;
}

/** Stops where there are too many, whatever a project holds. */
async function gather(candidates: AsyncIterable<Candidate>): Promise<readonly Candidate[]> {
  const found: Candidate[] = [];
  for await (const candidate of candidates) if (found.push(candidate) > maxResources) break;
  return found;
}
