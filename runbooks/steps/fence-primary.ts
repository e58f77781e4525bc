import { describeError, FarshoreError, isTransient } from '../../kernel/errors.ts';
import { RequestError } from '../../regions/http/request-error.ts';
import type { Fence, Former } from '../../replicator/kind.ts';
import { kindOf } from '../../replicator/kinds.ts';
import { resourceKey, type ResourceRef } from '../../replicator/mover.ts';
import { parallel } from '../../replicator/transfer/parallel.ts';
import { withDeadline } from '../execution/deadline.ts';
import type { Raised } from './raise-generation.ts';
import { stepOf } from './copies.ts';
import type { AcceptedUnfenced } from './accept-unfenced.ts';
import type { Step, StepContext } from './step.ts';
import {
  acceptUnfenced,
  askIfUnfenced,
  isHeld,
  reasonsOf,
  type UnfencedParam,
} from './unfenced.ts';

const fencesAtOnce = 8;

/** What is known of one resource's fence: kept in the step's output, for the report and for the way back. */
export interface FenceEvidence extends Fence {
  readonly resource: string;
}

/**
 * Keeps the old primary's clients from going on writing what nobody will ever recover, as far as it
 * answers within a short time. The generation keeps Farshore's own workers away, and a primary that is
 * really lost can't be fenced: so whatever fails is evidence, not a failure. What is not fenced needs
 * somebody's word before anything is restored: the order's, or an approval of the step that is added.
 *
 * Killed in the middle: the former values were remembered before each change, so that the second
 * attempt does not take its own fence for what was there before.
 */
export const fencePrimary: Step = {
  type: 'fence-primary',
  async run(context) {
    const { control, execution, step, ambient, signal, note } = context;
    const resources = await control.resources(execution.group);
    const seconds = Number(step.params['fenceSeconds']);
    const fences = new Map<string, Fence>();
    let lost: Fence = { state: 'unreachable', detail: 'it was not asked' };
    try {
      await withDeadline(
        ambient.clock,
        seconds * 1000,
        signal,
        () => late(seconds),
        (limit) => fenceAll({ ...context, signal: limit }, resources, fences),
      );
    } catch (error) {
      signal.throwIfAborted();
      if (isOwn(error)) throw error;
      lost = evidenceOf(error, context);
    }
    const evidence = resources.map((resource): FenceEvidence => {
      const key = resourceKey(resource);
      return { resource: key, ...(fences.get(key) ?? lost) };
    });
    for (const text of told(evidence)) note(text);
    const unfenced = step.params['unfenced'] as UnfencedParam;
    const isWhole = evidence.every(isHeld);
    if (isWhole) return { state: 'done', output: { evidence } };
    if (unfenced === askIfUnfenced)
      return { state: 'done', output: { evidence }, added: [acceptUnfenced(evidence)] };
    const accepted: AcceptedUnfenced = { reason: unfenced.reason, at: execution.declaredAt };
    note(`accepted with the order: ${accepted.reason}`);
    return { state: 'done', output: { evidence, accepted } };
  },
};

async function fenceAll(
  context: StepContext,
  resources: readonly ResourceRef[],
  fences: Map<string, Fence>,
): Promise<void> {
  const { control, execution, signal } = context;
  const { lostPrimary } = stepOf(execution, 'raise-generation')?.output as Raised;
  const primary = await control.lostPrimary(execution.group, lostPrimary, signal);
  await parallel(resources, fencesAtOnce, signal, async (resource, limit) => {
    try {
      fences.set(
        resourceKey(resource),
        await kindOf(resource.kind).fence(resource, {
          ...primary,
          remember: (found) => remembered(context, resource, found),
          signal: limit,
        }),
      );
    } catch (error) {
      limit.throwIfAborted();
      if (isOwn(error)) throw error;
      fences.set(resourceKey(resource), evidenceOf(error, context));
    }
  });
}

/** The values of the first attempt, durable before anything is changed. */
async function remembered(
  { memo }: StepContext,
  resource: ResourceRef,
  found: Former,
): Promise<Former> {
  const key = `former ${resourceKey(resource)}`;
  const earlier = memo.get(key);
  if (earlier !== undefined) return JSON.parse(earlier) as Former;
  await memo.set(key, JSON.stringify(found));
  return found;
}

/**
 * An answer that says no is `refused`, none at all `unreachable`. What is no error of ours is a fault:
 * logged, and evidence like the others, since a failover must not fail of a fence.
 */
function evidenceOf(error: unknown, { ambient, execution, step }: StepContext): Fence {
  if (error instanceof FarshoreError) {
    const hasAnswered =
      error instanceof RequestError ? error.status !== undefined : !isTransient(error);
    return { state: hasAnswered ? 'refused' : 'unreachable', detail: describeError(error) };
  }
  const stack = error instanceof Error ? error.stack : String(error);
  ambient.log.error('fence broke', { execution: execution.id, step: step.id, stack });
  return { state: 'refused', detail: 'an unexpected failure; the log has it' };
}

/** Of the controller's own state: it says nothing about the primary, and the step is done again. */
function isOwn(error: unknown): boolean {
  return error instanceof FarshoreError && /^(store|claim|controller)\./.test(error.code);
}

function late(seconds: number): FarshoreError {
  return new FarshoreError(`no answer within ${seconds} s`, {
    code: 'fence.late',
    kind: 'transient',
    operation: 'fence primary',
  });
}

function told(evidence: readonly FenceEvidence[]): readonly string[] {
  const held = evidence.filter(isHeld);
  return [
    `${held.length} of ${evidence.length} resources of the old primary are fenced or need no fence`,
    ...[...reasonsOf(evidence)].map(
      ([reason, names]) => `not fenced, ${reason}: ${names.join(', ')}`,
    ),
  ];
}
