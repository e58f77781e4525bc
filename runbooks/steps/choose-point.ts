import { resourceKey, type Copy } from '../../replicator/mover.ts';
import { newestFirst } from '../../replicator/point/choose.ts';
import { isUsable, isWhole, wholeKeys } from '../../replicator/point/members.ts';
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
 * Takes a point that is checked now, and of it every resource that is whole. Nothing is restored
 * before; damage that is found is recorded by the controller. Each point is held before it is checked,
 * so that retention can't take it away in between; one that was held and not taken stays held until
 * the execution ends, which does no harm.
 *
 * Which point: the newest of which everything is whole, as long as it is not older than the newest
 * usable one by more than the RPO objective; else, of those, the one with most that is whole, the
 * newest of equals. So the state of all others is not thrown back by days for the sake of one resource:
 * that one is named, and the order may say to take it from an older point: then it does not count in any
 * other. A point that the order names is taken, if anything of it is whole.
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
    const whole = new Set(wholeKeys(chosen));
    const copies = manifest.copies.filter(({ resource }) => whole.has(resourceKey(resource)));
    const older = await olderCopies(context, order);
    for (const text of older.notes) note(text);
    const used = merged(copies, chosen, older.copies);
    const lacks = lacksOf(chosen, new Set(used.map(({ copy }) => resourceKey(copy.resource))));
    for (const { resource, code, message } of lacks)
      note(`not recovered: ${resourceKey(resource)} (${resource.name}): ${message} [${code}]`);
    const rpoSeconds = rpoOf(context, used, points);
    if (rpoSeconds === null) note('RPO is unknown: the data times lie in the future');
    const added = context.expand({ ...manifest, copies: used.map(({ copy }) => copy) });
    const pointOf = new Map(used.map(({ copy, point }) => [resourceKey(copy.resource), point]));
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
  { control, execution, step, progress, signal }: StepContext,
  wanted: string | undefined,
  apart: readonly string[],
): Promise<RecoveryPoint> {
  const { id, group, rpoObjectiveSeconds } = execution;
  const depth = step.params['verify'] === 'listing' ? 'listing' : 'content';
  let best: RecoveryPoint | null = null;
  let oldestMs = -Infinity;
  for (const candidate of candidates(await control.points(group), wanted)) {
    signal.throwIfAborted();
    if (best !== null && Date.parse(candidate.dataTime) < oldestMs) break;
    // What its head says already is no better is not read.
    if (best !== null && wholeBut(candidate, apart) <= wholeBut(best, apart)) continue;
    await control.holdPoint(group, candidate.id, id);
    const point = await control.verifyPoint(group, candidate.id, depth, progress, signal);
    if (!isUsable(point)) continue;
    if (best === null) oldestMs = Date.parse(point.dataTime) - rpoObjectiveSeconds * 1000;
    if (best === null || wholeBut(point, apart) > wholeBut(best, apart)) best = point;
    if (isProvenBut(point, apart) || point.id === wanted) break;
  }
  if (best === null) throw noProvenPoint(group, wanted);
  return best;
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

/** Members that are not among what is restored, with what is known of the reason. */
function lacksOf(
  { members, checked }: RecoveryPoint,
  used: ReadonlySet<string>,
): readonly LackingResource[] {
  return members.flatMap((member): readonly LackingResource[] => {
    const key = resourceKey(member.resource);
    if (used.has(key))
      return member.state === 'partial' && member.problem !== null
        ? [{ resource: member.resource, ...member.problem }]
        : [];
    return [{ resource: member.resource, ...reasonOf(member, checked) }];
  });
}

function reasonOf(
  { resource, state, damaged, problem }: PointMember,
  checked: RecoveryPoint['checked'],
): { readonly code: string; readonly message: string } {
  if (state === 'lacking' && problem !== null) return problem;
  const first = checked.findings.find((finding) => finding.resource === resourceKey(resource));
  const shown = first === undefined ? '' : `: ${first.subject} ${first.problem}, ${first.detail}`;
  return { code: 'copy.damaged', message: `its copy is damaged, ${damaged} found${shown}` };
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
