import type { z } from 'zod';

import type { PointManifest } from '../replicator/point/types.ts';
import type { ExecutionMode, StepRecord } from './execution/types.ts';

/** A step as a plan words it; what an execution adds to it is in StepRecord. */
export type StepSpec = Pick<
  StepRecord,
  | 'id'
  | 'type'
  | 'title'
  | 'needs'
  | 'params'
  | 'always'
  | 'timeoutSeconds'
  | 'retries'
  | 'gate'
  | 'approvalNeedsReason'
>;

export type PlanParams = Readonly<Record<string, unknown>>;

/**
 * A versioned recovery plan. It only says which steps there are and what each needs; what a step does
 * is in steps/, when it runs is decided in execution/. Both functions are pure: the same answer for
 * the same input, so that an execution which was broken off is the same one when it is taken up.
 */
export interface Plan {
  readonly name: string;
  /** Rises with every change of the steps; recorded in each execution. */
  readonly version: number;
  readonly mode: ExecutionMode;
  readonly description: string;
  /** Strict: an unknown parameter is a fault of the order. */
  readonly params: z.ZodObject;
  /** Those known from the start. `params` were accepted by the schema. */
  steps(params: PlanParams): readonly StepSpec[];
  /** Those that depend on the chosen point; added in the same write that ends the step `choose-point`. */
  expand(params: PlanParams, manifest: PointManifest): readonly StepSpec[];
}

/** A plan written against its own parameters' type. */
export function definePlan<S extends z.ZodObject>(
  plan: Omit<Plan, 'params' | 'steps' | 'expand'> & {
    readonly params: S;
    steps(params: z.output<S>): readonly StepSpec[];
    expand(params: z.output<S>, manifest: PointManifest): readonly StepSpec[];
  },
): Plan {
  const { params: schema } = plan;
  return Object.freeze({
    ...plan,
    steps: (params: PlanParams) => plan.steps(schema.parse(params)),
    expand: (params: PlanParams, manifest: PointManifest) =>
      plan.expand(schema.parse(params), manifest),
  });
}

/** Each parameter's name and what it is for, as `listRunbooks` shows them. */
export function describeParams(plan: Plan): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(plan.params.shape).map(([name, type]) => [
      name,
      (type as z.ZodType).description ?? '',
    ]),
  );
}
