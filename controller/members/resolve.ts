import { FarshoreError } from '../../kernel/errors.ts';
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
  readonly faults: readonly MemberFault[];
}

/** One member that cannot be protected; the others are not concerned. */
export interface MemberFault extends Fault {
  /** `member.not-found`, `member.ambiguous`, `member.unusable`, `member.taken`. */
  readonly code: string;
  /** Which; what is named and not known bears the name for an id. */
  readonly resource: ResourceRef;
  /** Ids that the name may stand for. */
  readonly candidates: readonly string[];
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
  const faults: MemberFault[] = [];
  for (const [index, member] of members.entries()) {
    const kind = kindOf(member.kind);
    const { plural } = kind;
    const finder = kind.find(at);
    const isNamed = 'nameOrId' in member;
    const path = `members[${index}].${isNamed ? member.kind : plural}`;
    const found = isNamed
      ? await named(member, plural, finder, signal)
      : await gather(finder.matching(member, signal));
    if (!isFound(found)) {
      faults.push({ path, ...found });
      continue;
    }
    for (const candidate of found) {
      const { id, name, obstacle } = candidate;
      const resource = { kind: member.kind, id, name };
      if (obstacle !== null) {
        const message = `${name} (${id}): ${obstacle}`;
        faults.push({ path, message, code: 'member.unusable', resource, candidates: [] });
        continue;
      }
      if (resources.has(resourceKey(resource))) continue;
      resources.set(resourceKey(resource), resource);
      const ofKind = foundByKind.get(member.kind) ?? [];
      foundByKind.set(member.kind, ofKind);
      ofKind.push(candidate);
    }
  }
  if (resources.size > maxResources) throw tooMany();
  return { resources: [...resources.values()], found: foundByKind, faults };
}

/** Or what is wrong. */
async function named(
  { kind, nameOrId }: { readonly kind: ResourceKind; readonly nameOrId: string },
  plural: string,
  finder: Finder,
  signal: AbortSignal,
): Promise<readonly Candidate[] | Omit<MemberFault, 'path'>> {
  const byId = await finder.byId(nameOrId, signal);
  if (byId !== null) return [byId];
  const found = await gather(finder.byName(nameOrId, signal));
  if (found.length === 1) return found;
  const resource = { kind, id: nameOrId, name: nameOrId };
  const candidates = found.map(({ id }) => id);
  if (found.length > 1) {
    const message = `${found.length} ${plural} bear the name ${nameOrId}: name one by its id: ${candidates.join(', ')}`;
    return { message, code: 'member.ambiguous', resource, candidates };
  }
  const message = `there is no ${kind} ${nameOrId} in the source project`;
  return { message, code: 'member.not-found', resource, candidates };
}

function isFound(
  found: readonly Candidate[] | Omit<MemberFault, 'path'>,
): found is readonly Candidate[] {
  return Array.isArray(found);
}

function tooMany(): FarshoreError {
  return new FarshoreError(`more than ${maxResources} resources match`, {
    code: 'group.too-large',
    kind: 'permanent',
    operation: 'find members',
    hint: 'split the group',
  });
}

/** Stops where there are too many, whatever a project holds. */
async function gather(candidates: AsyncIterable<Candidate>): Promise<readonly Candidate[]> {
  const found: Candidate[] = [];
  for await (const candidate of candidates) if (found.push(candidate) > maxResources) break;
  return found;
}
