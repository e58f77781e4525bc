import { resourceKey, type Copy, type ResourceRef } from '../../replicator/mover.ts';
import { newestFirst } from '../../replicator/point/choose.ts';
import { restorableKeys } from '../../replicator/point/members.ts';
import { ageSeconds } from '../../replicator/point/reached.ts';
import type {
  LackingResource,
  PointManifest,
  PointMember,
  RecoveryPoint,
} from '../../replicator/point/types.ts';

/** One copy to restore, and the point that it is taken from. */
export interface UsedCopy {
  readonly copy: Copy;
  readonly point: RecoveryPoint;
}

/** What is restored: of the chosen point all that can be, but for what comes from another. */
export function usedCopies(
  { copies }: PointManifest,
  chosen: RecoveryPoint,
  older: readonly UsedCopy[],
): readonly UsedCopy[] {
  const there = new Set(restorableKeys(chosen));
  const replaced = new Set(older.map(({ copy }) => resourceKey(copy.resource)));
  const own = copies
    .map((copy) => ({ copy, key: resourceKey(copy.resource) }))
    .filter(({ key }) => there.has(key) && !replaced.has(key));
  return [...own.map(({ copy }) => ({ copy, point: chosen })), ...older];
}

/** By resourceKey. */
export function pointsByResource(used: readonly UsedCopy[]): ReadonlyMap<string, RecoveryPoint> {
  return new Map(used.map(({ copy, point }) => [resourceKey(copy.resource), point]));
}

/** Members that are not restored, or not wholly, from the points that they are taken from, and why. */
export function lacksOf(
  chosen: RecoveryPoint,
  used: readonly UsedCopy[],
): readonly LackingResource[] {
  const pointOf = pointsByResource(used);
  return chosen.members.flatMap((member): readonly LackingResource[] => {
    const { resource } = member;
    const key = resourceKey(resource);
    const from = pointOf.get(key);
    if (from === undefined) return [{ resource, ...reasonOf(member, chosen.checked) }];
    const taken = from.members.find((each) => resourceKey(each.resource) === key) ?? member;
    if (taken.state === 'damaged') return [{ resource, ...leftOut(taken, from.checked) }];
    return taken.problem === null ? [] : [{ resource, ...taken.problem }];
  });
}

function reasonOf(
  { resource, state, damaged, problem }: PointMember,
  checked: RecoveryPoint['checked'],
): { readonly code: string; readonly message: string } {
  if (state === 'lacking' && problem !== null) return problem;
  const shown = firstOf(resource, checked);
  return { code: 'copy.damaged', message: `its copy is damaged, ${damaged} found${shown}` };
}

function leftOut({ resource, damaged }: PointMember, checked: RecoveryPoint['checked']) {
  const shown = firstOf(resource, checked);
  return {
    code: 'copy.parts-damaged',
    message: `parts of it, ${damaged}, are damaged and left out${shown}`,
  };
}

function firstOf(resource: ResourceRef, { findings }: RecoveryPoint['checked']): string {
  const first = findings.find((finding) => finding.resource === resourceKey(resource));
  return first === undefined ? '' : `: ${first.subject} ${first.problem}, ${first.detail}`;
}

/** Of the oldest copy that is used; a time that is yet to come says nothing, see `ageSeconds`. */
export function rpoOf(
  declaredAt: string,
  used: readonly UsedCopy[],
  points: readonly RecoveryPoint[],
): number | null {
  const ordered = newestFirst(points);
  const nowMs = Date.parse(declaredAt);
  const ages = used.map(({ copy, point }) => {
    const from = ordered.findIndex(({ id }) => id === point.id);
    const before = from < 0 ? [] : ordered.slice(from + 1).map(({ dataTime }) => dataTime);
    return ageSeconds([copy.dataTime, ...before], nowMs);
  });
  const isKnown = (age: number | null): age is number => age !== null;
  return ages.length > 0 && ages.every(isKnown) ? Math.max(...ages) : null;
}
