import type { Step } from './step.ts';

/** Who let the restoring begin without a whole fence, for the report; the step's gate did the work. */
export interface AcceptedUnfenced {
  readonly reason: string;
  /** RFC 3339. */
  readonly at: string;
}

export const acceptUnfencedStep: Step = {
  type: 'accept-unfenced',
  run({ step, note }) {
    const accepted: AcceptedUnfenced = {
      reason: step.approvalReason ?? '',
      at: step.approvedAt ?? '',
    };
    note(`accepted: ${accepted.reason}`);
    return Promise.resolve({ state: 'done', output: accepted });
  },
};
