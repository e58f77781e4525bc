import { resourceKey } from '../../replicator/mover.ts';
import { newestFirst } from '../../replicator/point/choose.ts';
import { isWhole } from '../../replicator/point/members.ts';
import type { LackingResource, RecoveryPoint } from '../../replicator/point/types.ts';
import { bestPoint, type PointLooks } from './best-point.ts';
import { olderCopies, type OlderCopies } from './older-copies.ts';
import type { Step, StepContext } from './step.ts';
import { lacksOf, pointsByResource, rpoOf, usedCopies } from './used-copies.ts';

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
 * Which point: see `bestPoint`; what is missing of it is named, and the order may say to take that from an older
 * point: then it does not count in any other.
 *
 * Killed in the middle: damage that was found is in the points' records, a check that was not ended
 * begins anew.
 */
export const choosePoint: Step = {
  type: 'choose-point',
  async run(context) {
    const { execution, control, step, note, signal } = context;
    const wanted = step.params['point'] as string | undefined;
    const order = step.params['older'] as OlderCopies | undefined;
    const { group, rpoObjectiveSeconds, declaredAt } = execution;
    const looks = looksOf(context);
    const wish = { group, rpoObjectiveSeconds, wanted, apart: order?.resources ?? [] };
    const chosen = await bestPoint(await control.points(group), wish, looks, signal);
    const points = await control.points(group);
    for (const text of passedOver(points, chosen, wanted)) note(text);
    const manifest = await looks.manifest(chosen.id);
    const older = await olderCopies(order, points, looks);
    for (const text of older.notes) note(text);
    const used = usedCopies(manifest, chosen, older.copies);
    const pointOf = pointsByResource(used);
    const lacks = lacksOf(chosen, used);
    for (const { resource, code, message } of lacks) {
      const key = resourceKey(resource);
      const how = pointOf.has(key) ? 'not wholly' : 'not';
      note(`${how} recovered: ${key} (${resource.name}): ${message} [${code}]`);
    }
    const rpoSeconds = rpoOf(declaredAt, used, points);
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

/** Held before it is checked. */
function looksOf(context: StepContext): PointLooks {
  const { control, execution, step, progress, signal } = context;
  const { id, group } = execution;
  const depth = step.params['verify'] === 'listing' ? 'listing' : 'content';
  return {
    check: async (point, only) => {
      await control.holdPoint(group, point.id, id);
      return await control.verifyPoint(group, point.id, depth, progress, signal, only);
    },
    manifest: (point) => context.manifest(point),
  };
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
