import { kindOf } from '../kinds.ts';
import { resourceKey, type Copy, type Depth, type Finding, type Verification } from '../mover.ts';
import type { LackingResource, NewPoint, PointMember, PointState, RecoveryPoint } from './types.ts';

/** A head is read often: it holds this many findings and counts all. */
export const findingsKept = 1000;

/** What a finding about the manifest itself names in place of a resource. */
export const manifestFinding = 'manifest';

/** What the members make of the point. A point without one is proven of nothing. */
export function stateOfMembers(
  members: readonly Pick<PointMember, 'state'>[],
): Exclude<PointState, 'expiring'> {
  if (!members.some(isWhole)) return 'damaged';
  return members.every(({ state }) => state === 'proven') ? 'proven' : 'partial';
}

/** Its copy can be restored. */
export function isWhole({ state }: Pick<PointMember, 'state'>): boolean {
  return state === 'proven' || state === 'partial';
}

/** Something of it can be restored. */
export function isUsable({ state }: Pick<RecoveryPoint, 'state'>): boolean {
  return state === 'proven' || state === 'partial';
}

/** Resource keys of what can be restored from it. */
export function wholeKeys(point: Pick<RecoveryPoint, 'state' | 'members'>): readonly string[] {
  if (!isUsable(point)) return [];
  return point.members.filter(isWhole).map(({ resource }) => resourceKey(resource));
}

/** What is not damaged of its copy can be restored. */
function survives(member: PointMember, findings: readonly Finding[]): boolean {
  if (member.state !== 'damaged' || member.dataTime === null) return false;
  const key = resourceKey(member.resource);
  const damage = findings.filter(({ resource }) => resource === key);
  return damage.length > 0 && kindOf(member.resource.kind).survives(damage);
}

/** Resource keys of what can be restored from it, wholly or without what is damaged. */
export function restorableKeys(point: RecoveryPoint): readonly string[] {
  const { state, members, checked } = point;
  if (state === 'expiring' || checked.findings.some(isOfManifest)) return [];
  const survivors = members.filter((member) => survives(member, checked.findings));
  return [...wholeKeys(point), ...survivors.map(({ resource }) => resourceKey(resource))];
}

/** One that is proven of nothing, since its group was empty, is none the less what was wanted. */
export function hasRestorable(point: RecoveryPoint): boolean {
  return isUsable(point) || restorableKeys(point).length > 0;
}

function isOfManifest({ resource }: Finding): boolean {
  return resource === manifestFinding;
}

export function hasWhole(point: Pick<RecoveryPoint, 'state' | 'members'>, key: string): boolean {
  return (
    isUsable(point) &&
    point.members.some((member) => resourceKey(member.resource) === key && isWhole(member))
  );
}

/** Of a copy that was checked and found whole, as far as it goes. */
export function provenMember(copy: Copy): PointMember {
  const { resource, dataTime, lacks = [] } = copy;
  const [first] = lacks;
  if (first === undefined)
    return { resource, state: 'proven', dataTime, damaged: 0, problem: null };
  const more = (copy.lacking ?? lacks.length) - 1;
  const others = more > 0 ? `, and ${more} more` : '';
  const message = `${first.object} is not in it: ${first.reason}${others}`;
  return {
    resource,
    state: 'partial',
    dataTime,
    damaged: 0,
    problem: { code: 'copy.parts-lacking', message },
  };
}

export function lackingMember({ resource, code, message }: LackingResource): PointMember {
  const problem = { code, message };
  return { resource, state: 'lacking', dataTime: null, damaged: 0, problem };
}

/** What a check found of each resource, by resourceKey. */
export type MemberChecks = ReadonlyMap<string, Pick<Verification, 'findings' | 'damaged'>>;

/**
 * Of more than a head holds, as many of each resource: what nothing is known of could not be told apart from
 * what is lost. Of one resource first what is no stored object of its own, such as a catalog: without that
 * nothing of it can be had.
 */
function kept(findings: readonly Finding[]): readonly Finding[] {
  if (findings.length <= findingsKept) return findings;
  const byResource = [...Map.groupBy(findings, ({ resource }) => resource).values()].toSorted(
    (a, b) => a.length - b.length,
  );
  let room = findingsKept;
  return byResource.flatMap((own, index) => {
    const share = Math.ceil(room / (byResource.length - index));
    const first = own.filter(({ stored }) => stored === undefined);
    const rest = own.filter(({ stored }) => stored !== undefined);
    const taken = [...first, ...rest].slice(0, share);
    room -= taken.length;
    return taken;
  });
}

/**
 * Leaves out what found nothing wrong with a member that was found damaged since `seen`: that check
 * began before, and may have read what was whole then.
 */
export function stillValid(
  checks: MemberChecks,
  now: RecoveryPoint,
  seen: RecoveryPoint | undefined,
): MemberChecks {
  if (seen === undefined) return checks;
  const damagedOf = ({ members }: RecoveryPoint) =>
    new Map(members.map(({ resource, damaged }) => [resourceKey(resource), damaged]));
  const [before, after] = [damagedOf(seen), damagedOf(now)];
  const isSame = now.checked.serial === seen.checked.serial;
  const isOvertaken = (key: string): boolean =>
    (after.get(key) ?? 0) > 0 && (!isSame || after.get(key) !== before.get(key));
  return new Map([...checks].filter(([key, { damaged }]) => damaged > 0 || !isOvertaken(key)));
}

/**
 * The head after a check of some of its members, or of all. What was not checked stays as it was.
 * Damage makes a member `damaged`; it is whole again only when every byte of it was read: a listing
 * that shows nothing wrong does not outweigh damage that was seen. `isOwn` false: what is known from reading
 * another point that shares some of it, which is no check of this one.
 */
export function withChecks<P extends NewPoint>(
  point: P,
  checks: MemberChecks,
  depth: Depth,
  at: string,
  isOwn = true,
): P {
  const settled = new Set<string>();
  const members = point.members.map((member): PointMember => {
    const key = resourceKey(member.resource);
    const check = checks.get(key);
    if (check === undefined || member.dataTime === null) return member;
    if (check.damaged > 0) {
      settled.add(key);
      return { ...member, state: 'damaged', damaged: check.damaged };
    }
    if (member.state === 'damaged' && depth === 'listing') return member;
    settled.add(key);
    return { ...member, state: member.problem === null ? 'proven' : 'partial', damaged: 0 };
  });
  // A listing that could not outweigh what was seen says nothing new of the point as a whole.
  const isOutweighed = [...checks.keys()].some((key) => !settled.has(key));
  const isSame = members.every(
    (member, index) => member === point.members[index] || isWhole(member),
  );
  if (settled.size === 0 || (isOutweighed && isSame)) return point;
  const findings: readonly Finding[] = [
    ...point.checked.findings.filter(
      ({ resource }) => resource !== manifestFinding && !settled.has(resource),
    ),
    ...[...checks].flatMap(([key, check]) => (settled.has(key) ? check.findings : [])),
  ];
  return {
    ...point,
    state: point.state === 'expiring' ? 'expiring' : stateOfMembers(members),
    members,
    checked: {
      ...point.checked,
      ...(isOwn ? { at, depth } : {}),
      damaged: members.reduce((sum, { damaged }) => sum + damaged, 0),
      findings: kept(findings),
    },
  };
}
