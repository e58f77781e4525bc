import type { Step } from './step.ts';

/** What the fence must know later. */
export interface Raised {
  readonly generation: number;
  readonly lostPrimary: string;
  readonly primary: string;
}

/**
 * The first step of a failover: from its commit on, no worker of the old primary can commit anything
 * for the group. Killed after the commit and before the journal has it: asked again by the same
 * execution, the controller answers what it did.
 */
export const raiseGeneration: Step = {
  type: 'raise-generation',
  async run({ control, execution, note }) {
    const raised: Raised = await control.raiseGeneration(execution.group, execution.id);
    note(
      `generation ${raised.generation}: ${raised.primary} is primary in place of ${raised.lostPrimary}`,
    );
    return { state: 'done', output: raised, facts: { generation: raised.generation } };
  },
};
