import { z } from 'zod';

import { definePlan } from '../plan.ts';
import { hours, minutes } from './limits.ts';
import { approvalReason } from '../approval.ts';
import { askIfUnfenced } from '../steps/unfenced.ts';
import { recoveryParams } from './params.ts';
import { resourceSteps } from './resources.ts';

/**
 * Brings the group up in its secondary after an outage. The generation is raised before anything
 * else, so that from then on no worker of the old primary can commit. The old primary is fenced beside
 * the choice and the check of the point; restoring begins only when it is fenced, or when somebody has
 * said in so many words that it is not: with the order (`unfenced`), or at the gate of `unfenced:accept`,
 * which the fence adds.
 */
export const failover = definePlan({
  name: 'failover',
  version: 2,
  mode: 'failover',
  description:
    'Make the secondary primary, fence the old primary as far as it answers, restore the newest proven point under its own names and compare every byte',
  params: z.strictObject({
    ...recoveryParams,
    fenceSeconds: z
      .int()
      .min(1)
      .max(300)
      .default(10)
      .describe('how long the old primary is given, in all, to take the fence; 10 unless given'),
    older: z
      .strictObject({
        point: z.string().min(1),
        resources: z.array(z.string().min(1)).min(1).max(1000),
        reason: approvalReason,
      })
      .optional()
      .describe(
        'resources that are taken from an older point than the rest, and why: { point, resources, reason }; it is audited',
      ),
    unfenced: z
      .strictObject({ reason: approvalReason })
      .optional()
      .describe(
        'restore even where the old primary could not be fenced, and why that does no harm: { reason }; it is audited. Unless given, the failover waits for an approval there',
      ),
  }),
  steps: ({ verify, point, fenceSeconds, unfenced, older }) => [
    {
      id: 'raise-generation',
      type: 'raise-generation',
      title: 'make the secondary primary',
      needs: [],
      params: {},
      always: false,
      timeoutSeconds: minutes(2),
      retries: 8,
    },
    {
      id: 'fence-primary',
      type: 'fence-primary',
      title: 'fence the old primary as far as it answers',
      needs: ['raise-generation'],
      params: { fenceSeconds, unfenced: unfenced ?? askIfUnfenced },
      always: false,
      timeoutSeconds: fenceSeconds + minutes(1),
      retries: 8,
    },
    {
      id: 'choose-point',
      type: 'choose-point',
      title: 'choose and verify a recovery point',
      needs: ['raise-generation'],
      params: {
        verify,
        ...(point === undefined ? {} : { point }),
        ...(older === undefined ? {} : { older }),
      },
      always: false,
      timeoutSeconds: hours(24),
      retries: 5,
    },
    {
      id: 'record',
      type: 'record',
      title: 'record RPO and RTO',
      needs: ['fence-primary', 'unfenced:*', 'choose-point', 'check:*'],
      params: {},
      always: true,
      timeoutSeconds: minutes(1),
      retries: 3,
    },
  ],
  expand: (params, manifest) =>
    resourceSteps(manifest, ['choose-point', 'fence-primary', 'unfenced:*'], params),
});
