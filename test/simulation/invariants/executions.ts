import { resourceKey, type Restored } from '../../../replicator/mover.ts';
import { decodeManifest } from '../../../replicator/point/manifest.ts';
import { wholeKeys } from '../../../replicator/point/members.ts';
import type { RecoveryPoint } from '../../../replicator/point/types.ts';
import type { Execution, StepRecord } from '../../../runbooks/execution/types.ts';
import type { OlderCopies } from '../../../runbooks/steps/older-copies.ts';
import { keys } from '../../../controller/state/keys.ts';
import { merged } from '../movers/rows.ts';
import { manifestName } from '../world/sim-bank.ts';
import type { Effect } from '../world/types.ts';
import { rowsIn } from './points.ts';
import { must, putBelow, type Invariant, type Scene } from './types.ts';

const settled: ReadonlySet<StepRecord['state']> = new Set([
  'done',
  'failed',
  'skipped',
  'unchecked',
]);

/**
 * Of runbooks: versions rise one by one; a step that has ended changes nothing any more, and nothing
 * is made twice; a drill makes scratch things in the secondary alone, and whoever says that it
 * succeeded has left none and, if a failover, brought up the point's content.
 */
export function executions(scene: Scene): Invariant {
  const { world, truth } = scene;
  const known = new Map<string, Execution>();
  /** When each step, by `execution step`, was last seen settled. */
  const settledMs = new Map<string, number>();
  const created = new Map<string, number>();
  return {
    onCommit(committed) {
      for (const [id, execution] of putBelow<Execution>(committed, 'executions/')) {
        const before = known.get(id);
        known.set(id, execution);
        const { version } = execution;
        must(
          'execution-versions',
          version === (before?.version ?? 0) + 1,
          () => `${id} went from ${before?.version ?? 0} to ${version}`,
        );
        for (const step of execution.steps)
          if (settled.has(step.state)) settledMs.set(`${id} ${step.id}`, world.scheduler.nowMs);
          else settledMs.delete(`${id} ${step.id}`);
        if (execution.state === 'ended' && before?.state !== 'ended') mustBeTrue(scene, execution);
      }
    },
    onEffect(effect) {
      if (effect.actor.type !== 'execution' || effect.operation === 'fence') return;
      const execution = known.get(effect.actor.id);
      must('known-execution', execution !== undefined, () => `${effect.subject} by none`);
      mustNotBeSettled(effect, settledMs);
      if (effect.operation === 'create resource') {
        const times = (created.get(effect.subject) ?? 0) + 1;
        created.set(effect.subject, times);
        must('done-once', times === 1, () => `${effect.subject} was made ${times} times`);
      }
      if (execution.mode !== 'drill') {
        mustBeFenced(execution);
        return;
      }
      const head = truth.get(keys.head(execution.group));
      const region = head?.failedOver === undefined ? head?.secondary : head.primary;
      must(
        'drill-isolated',
        region === effect.region,
        () => `${effect.subject} in ${effect.region}`,
      );
    },
  };
}

function mustNotBeSettled(
  { operation, actor, sentMs, subject }: Effect,
  settledMs: Map<string, number>,
): void {
  if (actor.type !== 'execution') return;
  const step =
    operation === 'create resource' || operation === 'restore object'
      ? `${actor.id} restore:${actor.of}`
      : `${actor.id} cleanup`;
  const endedMs = settledMs.get(step);
  must(
    'step-done-once',
    endedMs === undefined || sentMs <= endedMs,
    () => `${operation} ${subject} although ${step} had ended`,
  );
}

/** Restores begin when the old primary is fenced, or somebody has said that it is not. */
function mustBeFenced({ id, steps, params }: Execution): void {
  const fence = steps.find(({ type }) => type === 'fence-primary');
  const gate = steps.find(({ type }) => type === 'accept-unfenced');
  const isAccepted =
    gate === undefined || gate.approvedAt !== undefined || params['unfenced'] !== undefined;
  must(
    'fenced-or-accepted',
    fence?.state === 'done' && isAccepted,
    () => `${id} restores unfenced`,
  );
}

function mustBeTrue({ world, truth }: Scene, execution: Execution): void {
  const { id, group, mode, point, result, params } = execution;
  if ((result !== 'succeeded' && result !== 'partial') || execution.dryRun) return;
  const scratch = `farshore-drill-${id}`;
  if (mode === 'drill') {
    const left = world.regions
      .flatMap(({ resources }) => [...resources.values()])
      .filter(({ name }) => name.startsWith(scratch));
    must('drill-leaves-nothing', left.length === 0, () => `${left[0]?.name ?? ''} is left`);
    return;
  }
  const head = truth.head(group);
  const region = world.region(head?.primary ?? '');
  const copiesIn = (name: string) => {
    const body = region.bank.get(manifestName(group, name));
    must('succeeded-is-true', body !== undefined, () => `${id} restored ${name}`);
    return decodeManifest(body, { group, id: name }).copies;
  };
  const older = params['older'] as OlderCopies | undefined;
  const restores = execution.steps.filter(({ type }) => type === 'restore');
  for (const step of restores) {
    const key = step.id.slice('restore:'.length);
    const from = (step.params['point'] as string | undefined) ?? point ?? '';
    const isOrdered = from === point || (older?.point === from && older.resources.includes(key));
    must('older-only-by-order', isOrdered, () => `${id} took ${key} from ${from}`);
    const copy = copiesIn(from).find(({ resource }) => resourceKey(resource) === key);
    must('succeeded-is-true', copy !== undefined, () => `${id}: ${from} has no ${key}`);
    const made = region.find(copy.resource.kind, (step.output as Restored | undefined)?.id ?? '');
    const wanted = [...merged(rowsIn(copy, region))].sort();
    const isSame = JSON.stringify([...(made?.objects ?? [])].sort()) === JSON.stringify(wanted);
    must('succeeded-is-true', isSame, () => `${id}: ${key} is not the content of ${from}`);
  }
  mustBeComplete(execution, truth.points(group), restores);
}

/** What is whole in the point is brought up, whatever it lacks; and what is not brought up is counted. */
function mustBeComplete(
  { id, point, result, lacks = 0 }: Execution,
  points: readonly RecoveryPoint[],
  restores: readonly StepRecord[],
): void {
  const taken = points.find((each) => each.id === point);
  must('whole-is-recovered', taken !== undefined, () => `${id}: ${point ?? 'no point'} is gone`);
  const made = new Set(restores.map((step) => step.id.slice('restore:'.length)));
  const keys = taken.members.map(({ resource }) => resourceKey(resource));
  const isCounted = keys.filter((key) => !made.has(key)).length === lacks;
  must('succeeded-is-true', isCounted, () => `${id} says that it lacks ${lacks}`);
  const isSaid = result === (lacks > 0 ? 'partial' : 'succeeded');
  must('succeeded-is-true', isSaid, () => `${id} ${result ?? ''}, and lacks ${lacks}`);
  const left = wholeKeys(taken).find((key) => !made.has(key));
  must('whole-is-recovered', left === undefined, () => `${id} left out ${left ?? ''}`);
}
