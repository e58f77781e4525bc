import type { Candidate, FindContext, Finder } from '../../replicator/kind.ts';
import { kindOf } from '../../replicator/kinds.ts';
import { resourceKey, type ResourceKind, type ResourceRef } from '../../replicator/mover.ts';
import type { Fault } from '../input/fault.ts';
import type { Member } from '../model/types.ts';

/** More than a session can carry at once; a wrong pattern is the likelier reason. */
const maxResources = 1000;

export interface Resolved {
  /** In the order of the members, each once. */
  readonly resources: readonly ResourceRef[];
  /** The same as their kinds found them. */
  readonly found: ReadonlyMap<ResourceKind, readonly Candidate[]>;
  /** What is named and not there, ambiguous, or cannot be protected; paths as in the document. */
  readonly faults: readonly Fault[];
}

/**
 * What the members stand for at this moment. A name means the one resource that bears it; a selector
 * may match none. Throws what the services throw when they cannot be asked.
 */
export async function resolveMembers(
  members: readonly Member[],
  at: FindContext,
  signal: AbortSignal,
): Promise<Resolved> {
  const resources = new Map<string, ResourceRef>();
  const foundByKind = new Map<ResourceKind, Candidate[]>();
  const faults: Fault[] = [];
  for (const [index, member] of members.entries()) {
    const kind = kindOf(member.kind);
    const { plural } = kind;
    const finder = kind.find(at);
    const isNamed = 'nameOrId' in member;
    const path = `members[${index}].${isNamed ? member.kind : plural}`;
    const found = isNamed
      ? await named(member, plural, finder, signal)
      : await gather(finder.matching(member, signal));
    if (typeof found === 'string') {
      faults.push({ path, message: found });
      continue;
    }
    for (const candidate of found) {
      const { id, name, obstacle } = candidate;
      if (obstacle !== null) faults.push({ path, message: `${name} (${id}): ${obstacle}` });
      const resource = { kind: member.kind, id, name };
      if (resources.has(resourceKey(resource))) continue;
      resources.set(resourceKey(resource), resource);
      const ofKind = foundByKind.get(member.kind) ?? [];
      foundByKind.set(member.kind, ofKind);
      ofKind.push(candidate);
    }
  }
  if (resources.size > maxResources)
    faults.push({
      path: 'members',
      message: `more than ${maxResources} resources match: split the group`,
    });
  return { resources: [...resources.values()], found: foundByKind, faults };
}

/** Or what is wrong. */
async function named(
  { kind, nameOrId }: { readonly kind: ResourceKind; readonly nameOrId: string },
  plural: string,
  finder: Finder,
  signal: AbortSignal,
): Promise<readonly Candidate[] | string> {
  const byId = await finder.byId(nameOrId, signal);
  if (byId !== null) return [byId];
  const found = await gather(finder.byName(nameOrId, signal));
  if (found.length > 1) {
    const ids = found.map(({ id }) => id).join(', ');
    return `${found.length} ${plural} bear the name ${nameOrId}: name one by its id: ${ids}`;
  }
  return found.length === 1 ? found : `there is no ${kind} ${nameOrId} in the source project`;
}

/** Stops where there are too many, whatever a project holds. */
async function gather(candidates: AsyncIterable<Candidate>): Promise<readonly Candidate[]> {
  const found: Candidate[] = [];
  for await (const candidate of candidates) if (found.push(candidate) > maxResources) break;
  return found;
}
