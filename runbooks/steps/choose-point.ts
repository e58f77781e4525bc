import { resourceKey, type Copy, type ResourceRef } from '../../replicator/mover.ts';
import { newestFirst } from '../../replicator/point/choose.ts';
import {
  hasRestorable,
  isUsable,
  isWhole,
  restorableKeys,
} from '../../replicator/point/members.ts';
import { ageSeconds } from '../../replicator/point/reached.ts';
import type { LackingResource, PointMember, RecoveryPoint } from '../../replicator/point/types.ts';
import { candidates, noProvenPoint } from './candidates.ts';
import { isNamed, olderCopies, type OlderCopies } from './older-copies.ts';
import type { Step, StepContext } from './step.ts';

/** What was chosen: read by the report. */
export interface ChosenPoint {
  readonly point: string;
  readonly dataTime: string;
  readonly checked: RecoveryPoint['checked'];
  readonly resources: number;
  readonly objects: number;
  readonly bytes: number;
  /** What is not recovered, and why. */
  readonly lacks: readonly LackingResource[];
  /** By the order, from another point than the rest. */
  readonly older: readonly { readonly resource: string; readonly point: string }[];
}

/**
 * Takes a point that is checked now, and of it every resource that is whole, and what is whole of those
 * that survive their damage (`Kind.survives`). Nothing is restored
 * before; damage that is found is recorded by the controller. Each point is held before it is checked,
 * so that retention can't take it away in between; one that was held and not taken stays held until
 * the execution ends, which does no harm.
 *
 * Which point: the newest of which everything is whole, as long as it is not older than the newest
 * usable one by more than the RPO objective; else, of those, the one with most that is whole, the
 * newest of equals. So the state of all others is not thrown back by days for the sake of one resource:
 * that one is named, and the order may say to take it from an older point: then it does not count in any
 * other. A point that the order names is taken, if anything of it is whole. One in which nothing is whole, and
 * something survives, is taken where no other that is not older by more than that has anything whole.
 *
 * Killed in the middle: damage that was found is in the points' records, a check that was not ended
 * begins anew.
 */
export const choosePoint: Step = {
  type: 'choose-point',
  async run(context) {
    const { execution, control, step, note } = context;
    const wanted = step.params['point'] as string | undefined;
    const order = step.params['older'] as OlderCopies | undefined;
    const chosen = await bestPoint(context, wanted, order?.resources ?? []);
    const points = await control.points(execution.group);
    for (const text of passedOver(points, chosen, wanted)) note(text);
    const manifest = await context.manifest(chosen.id);
    const there = new Set(restorableKeys(chosen));
    const copies = manifest.copies.filter(({ resource }) => there.has(resourceKey(resource)));
    const older = await olderCopies(context, order);
    for (const text of older.notes) note(text);
    const used = merged(copies, chosen, older.copies);
    const pointOf = new Map(used.map(({ copy, point }) => [resourceKey(copy.resource), point]));
    const lacks = lacksOf(chosen, pointOf);
    for (const { resource, code, message } of lacks) {
      const key = resourceKey(resource);
      const how = pointOf.has(key) ? 'not wholly' : 'not';
      note(`${how} recovered: ${key} (${resource.name}): ${message} [${code}]`);
    }
    const rpoSeconds = rpoOf(context, used, points);
    if (rpoSeconds === null) note('RPO is unknown: the data times lie in the future');
    const added = context.expand({ ...manifest, copies: used.map(({ copy }) => copy) });
    const output: ChosenPoint = {
      point: chosen.id,
      dataTime: chosen.dataTime,
      checked: { ...chosen.checked, findings: [] },
      resources: used.length,
      objects: used.reduce((sum, { copy }) => sum + copy.objects, 0),
      bytes: used.reduce((sum, { copy }) => sum + copy.bytes, 0),
      lacks,
      older: older.copies.map(({ copy, point }) => ({
        resource: resourceKey(copy.resource),
        point: point.id,
      })),
    };
    return {
      state: 'done',
      output,
      facts: {
        point: chosen.id,
        lacks: lacks.length,
        ...(rpoSeconds === null ? {} : { rpoSeconds }),
      },
      added: added.map((each) => {
        const from = pointOf.get(String(each.params['resource']));
        if (from === undefined || from.id === chosen.id) return each;
        return { ...each, params: { ...each.params, point: from.id } };
      }),
    };
  },
};

/** One copy to restore, and the point that it is taken from. */
export interface UsedCopy {
  readonly copy: Copy;
  readonly point: RecoveryPoint;
}

async function bestPoint(
  context: StepContext,
  wanted: string | undefined,
  apart: readonly string[],
): Promise<RecoveryPoint> {
  const { control, execution, signal } = context;
  const { group, rpoObjectiveSeconds } = execution;
  let best: RecoveryPoint | null = null;
  /** Nothing is whole in it, and something survives its damage: for want of a better one. */
  let spare: RecoveryPoint | null = null;
  let oldestMs = -Infinity;
  const noOlderThan = ({ dataTime }: RecoveryPoint): void => {
    if (oldestMs === -Infinity) oldestMs = Date.parse(dataTime) - rpoObjectiveSeconds * 1000;
  };
  for (const candidate of candidates(await control.points(group), wanted)) {
    signal.throwIfAborted();
    const isTooOld = Date.parse(candidate.dataTime) < oldestMs;
    if (isTooOld) best ??= await checkedAgain(context, spare);
    if (isTooOld && best !== null) break;
    // What its head says already is no better is not read.
    if (best !== null && wholeBut(candidate, apart) <= wholeBut(best, apart)) continue;
    const isWanted = candidate.id === wanted;
    const mayBeBest = isUsable(candidate) || isWanted;
    const point = mayBeBest ? await checked(context, candidate) : candidate;
    if (!hasRestorable(point)) continue;
    noOlderThan(point);
    if (isUsable(point) || isWanted) {
      if (best === null || wholeBut(point, apart) > wholeBut(best, apart)) best = point;
      if (isProvenBut(point, apart) || isWanted) break;
    } else spare ??= point;
  }
  best ??= await checkedAgain(context, spare);
  if (best === null) throw noProvenPoint(group, wanted);
  return best;
}

async function checked(
  { control, execution, step, progress, signal }: StepContext,
  { id }: RecoveryPoint,
): Promise<RecoveryPoint> {
  const { group } = execution;
  const depth = step.params['verify'] === 'listing' ? 'listing' : 'content';
  await control.holdPoint(group, id, execution.id);
  return await control.verifyPoint(group, id, depth, progress, signal);
}

/** Null where nothing of it can be restored any more. */
async function checkedAgain(
  context: StepContext,
  spare: RecoveryPoint | null,
): Promise<RecoveryPoint | null> {
  const point = spare === null ? null : await checked(context, spare);
  return point !== null && hasRestorable(point) ? point : null;
}

/** Those that are whole, of all but these. */
function wholeBut({ members }: RecoveryPoint, apart: readonly string[]): number {
  return counted(members, apart).filter(isWhole).length;
}

function isProvenBut({ state, members }: RecoveryPoint, apart: readonly string[]): boolean {
  const rest = counted(members, apart);
  return state === 'proven' || (rest.length > 0 && rest.every((each) => each.state === 'proven'));
}

function counted(members: readonly PointMember[], apart: readonly string[]) {
  return members.filter(({ resource }) => !apart.some((wanted) => isNamed(resource, wanted)));
}

function merged(
  copies: readonly Copy[],
  point: RecoveryPoint,
  older: readonly UsedCopy[],
): readonly UsedCopy[] {
  const replaced = new Set(older.map(({ copy }) => resourceKey(copy.resource)));
  const rest = copies.filter(({ resource }) => !replaced.has(resourceKey(resource)));
  return [...rest.map((copy) => ({ copy, point })), ...older];
}

/** Members that are not restored, or not wholly, from the points that they are taken from, and why. */
function lacksOf(
  chosen: RecoveryPoint,
  pointOf: ReadonlyMap<string, RecoveryPoint>,
): readonly LackingResource[] {
  return chosen.members.flatMap((member): readonly LackingResource[] => {
    const { resource } = member;
    const key = resourceKey(resource);
    const from = pointOf.get(key);
    if (from === undefined) return [{ resource, ...reasonOf(member, chosen.checked) }];
    const used = from.members.find((each) => resourceKey(each.resource) === key) ?? member;
    if (used.state === 'damaged') return [{ resource, ...leftOut(used, from.checked) }];
    return used.problem === null ? [] : [{ resource, ...used.problem }];
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
function rpoOf(
  { execution }: StepContext,
  used: readonly UsedCopy[],
  points: readonly RecoveryPoint[],
): number | null {
  const ordered = newestFirst(points);
  const nowMs = Date.parse(execution.declaredAt);
  const ages = used.map(({ copy, point }) => {
    const from = ordered.findIndex(({ id }) => id === point.id);
    const before = from < 0 ? [] : ordered.slice(from + 1).map(({ dataTime }) => dataTime);
    return ageSeconds([copy.dataTime, ...before], nowMs);
  });
  const isKnown = (age: number | null): age is number => age !== null;
  return ages.length > 0 && ages.every(isKnown) ? Math.max(...ages) : null;
}

/** Why each newer point was not taken, from the records and not from memory, so that a crash loses none. */
function passedOver(
  points: readonly RecoveryPoint[],
  chosen: RecoveryPoint,
  wanted: string | undefined,
): readonly string[] {
  const ordered = newestFirst(points);
  const from = wanted === undefined ? 0 : ordered.findIndex((point) => point.id === wanted);
  const to = ordered.findIndex((point) => point.id === chosen.id);
  return ordered
    .slice(Math.max(from, 0), Math.max(to, 0))
    .filter((point) => point.state !== 'proven')
    .map((point) => {
      const olderMs = Date.parse(point.dataTime) - Date.parse(chosen.dataTime);
      const minutes = Math.round(olderMs / 60_000);
      return `point ${point.id} is ${point.state} (${shortcomings(point)}), took ${chosen.id}, ${minutes} minutes older`;
    });
}

function shortcomings({ members, checked }: RecoveryPoint): string {
  const lacking = members.filter((member) => !isWhole(member) && member.state === 'lacking');
  if (checked.damaged === 0) return `it lacks ${lacking.length} resources`;
  const [first] = checked.findings;
  if (first === undefined) return `${checked.damaged} objects`;
  const more = checked.damaged > 1 ? ` and ${checked.damaged - 1} more` : '';
  return `${first.subject} ${first.problem}: ${first.detail}${more}`;
}
