import { resourceKey, type ResourceRef } from '../../replicator/mover.ts';
import type { LackingResource, PointMember } from '../../replicator/point/types.ts';
import type { Member } from '../model/types.ts';
import type { MemberChange } from '../state/records.ts';
import { matchesPattern } from '../../replicator/name-pattern.ts';

/** What the members of a group stand for now, and how that differs from what was protected last. */
export interface Comparison {
  /** Beside those that cannot be used: what was protected and is not found any more. */
  readonly lacking: readonly LackingResource[];
  /** All changes that nobody has confirmed yet, and those confirmed that still matter. */
  readonly changes: readonly MemberChange[];
}

export interface ComparisonInput {
  /** Members as the group's document words them. */
  readonly members: readonly Member[];
  /** Those of the newest point. */
  readonly known: readonly PointMember[];
  readonly found: readonly ResourceRef[];
  /** Named or chosen, and not usable. */
  readonly unusable: readonly LackingResource[];
  readonly changes: readonly MemberChange[];
  readonly nowMs: number;
  /** How long a change stands unless somebody confirms it. */
  readonly graceSeconds: number;
}

/**
 * Pure. What was protected and is not found is lost, and not let go: a name that is gone, a listing
 * that is empty, a right that was taken away look the same as a deletion, and only an operator can
 * tell. It stays a member that the points lack until he releases it, or the policy's grace has passed;
 * or until it is found again. What the group's document does not choose any more is his word already.
 */
export function compareMembers(input: ComparisonInput): Comparison {
  const { members, known, found, unusable, changes, nowMs, graceSeconds } = input;
  // What is named by its id bears the same key there as here: it is not found all the same.
  const unfit = unusable.filter(({ code }) => code !== notThere).map(({ resource }) => resource);
  const isFound = new Set([...found, ...unfit].map(resourceKey));
  const before = new Map(changes.map((change) => [resourceKey(change.resource), change]));
  const lacking: LackingResource[] = [];
  const next = changes.filter(({ change, resource, since, releasedAt }) =>
    change === 'lost' || change === 'replaced'
      ? // Confirmed, and still in the newest point: forgotten once that lacks it no more, or it is back.
        releasedAt !== undefined &&
        !isFound.has(resourceKey(resource)) &&
        known.some((each) => isSame(each.resource, resource))
      : isWithinGrace(since, nowMs, graceSeconds),
  );
  for (const { resource, problem } of known) {
    const key = resourceKey(resource);
    if (isFound.has(key) || !isChosen(members, resource)) continue;
    const earlier = before.get(key);
    // It was not there then either.
    if (earlier === undefined && problem?.code === notThere) continue;
    if (earlier?.releasedAt !== undefined) continue;
    const isKnownLost = earlier?.change === 'lost' || earlier?.change === 'replaced';
    if (isKnownLost && !isWithinGrace(earlier.since, nowMs, graceSeconds)) continue;
    const change = isKnownLost ? earlier : lostOf(resource, found, new Date(nowMs).toISOString());
    next.push(change);
    lacking.push({ resource, code: `resource.${change.change}`, message: change.detail });
  }
  return { lacking: [...unusable.filter(isNotLost(lacking)), ...lacking], changes: next };
}

function lostOf(resource: ResourceRef, found: readonly ResourceRef[], since: string): MemberChange {
  const other = found.find(({ kind, name }) => kind === resource.kind && name === resource.name);
  return other === undefined
    ? { resource, change: 'lost', since, detail: `not found in the source since ${since}` }
    : {
        resource,
        change: 'replaced',
        since,
        detail: `${other.name} is another ${other.kind} since ${since}: ${other.id}`,
      };
}

const notThere = 'member.not-found';

/** A name that is not found is told once: as the loss of what it stood for. */
function isNotLost(lost: readonly LackingResource[]) {
  return ({ resource, code }: LackingResource): boolean =>
    code !== notThere ||
    !lost.some(
      ({ resource: { kind, id, name } }) =>
        kind === resource.kind && (name === resource.name || id === resource.name),
    );
}

/**
 * The document still means it: it is named by its id or name, or its name is one that a selector
 * chooses. A selector's metadata is not asked: what is not found has none.
 */
export function isChosen(members: readonly Member[], { kind, id, name }: ResourceRef): boolean {
  return members.some((member) => {
    if (member.kind !== kind) return false;
    if ('nameOrId' in member) return member.nameOrId === id || member.nameOrId === name;
    return matchesPattern(member.namePattern ?? '*', name);
  });
}

export function isWithinGrace(since: string, nowMs: number, graceSeconds: number): boolean {
  return nowMs - Date.parse(since) < graceSeconds * 1000;
}

function isSame(a: ResourceRef, b: ResourceRef): boolean {
  return resourceKey(a) === resourceKey(b);
}
