import type { RecoveryPoint } from '../../replicator/point/types.ts';
import { candidates, newestFirst, noProvenPoint } from './candidates.ts';
import type { Step, StepContext } from './step.ts';

/**
 * Takes the newest proven point that is still whole when it is checked now. Nothing is restored
 * before: a damaged one is recorded by the controller and the next older proven one is taken. The
 * point is held before it is checked, so that retention can't take it away in between; one that was
 * held and found damaged stays held until the execution ends, which does no harm.
 *
 * Killed in the middle: damage that was found is in the points' records, a check that was not ended
 * begins anew.
 */
export const choosePoint: Step = {
  type: 'choose-point',
  async run(context) {
    const { execution, control, step, note } = context;
    const wanted = step.params['point'] as string | undefined;
    const chosen = await firstWhole(context, wanted);
    for (const text of passedOver(await control.points(execution.group), chosen, wanted))
      note(text);
    const manifest = await context.manifest(chosen.id);
    const rpoMs = Date.parse(execution.declaredAt) - Date.parse(chosen.dataTime);
    return {
      state: 'done',
      output: {
        point: chosen.id,
        dataTime: chosen.dataTime,
        checked: { ...chosen.checked, findings: [] },
        resources: chosen.resources,
        objects: chosen.objects,
        bytes: chosen.bytes,
      },
      facts: { point: chosen.id, rpoSeconds: rpoMs / 1000 },
      added: context.expand(manifest),
    };
  },
};

async function firstWhole(
  { control, execution, step, progress, signal }: StepContext,
  wanted: string | undefined,
): Promise<RecoveryPoint> {
  const { id, group } = execution;
  const depth = step.params['verify'] === 'listing' ? 'listing' : 'content';
  for (const candidate of candidates(await control.points(group), wanted)) {
    signal.throwIfAborted();
    await control.holdPoint(group, candidate.id, id);
    const point = await control.verifyPoint(group, candidate.id, depth, progress, signal);
    if (point.state === 'proven') return point;
  }
  throw noProvenPoint(group, wanted);
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
    .filter((point) => point.state === 'damaged')
    .map((point) => {
      const olderMs = Date.parse(point.dataTime) - Date.parse(chosen.dataTime);
      const minutes = Math.round(olderMs / 60_000);
      return `point ${point.id} is damaged (${damageOf(point)}), took ${chosen.id}, ${minutes} minutes older`;
    });
}

function damageOf({ checked }: RecoveryPoint): string {
  const [first] = checked.findings;
  if (first === undefined) return `${checked.damaged} objects`;
  const more = checked.damaged > 1 ? ` and ${checked.damaged - 1} more` : '';
  return `${first.subject} ${first.problem}: ${first.detail}${more}`;
}
