import { z } from 'zod';

import { definePlan } from '../plan.ts';
import { hours, minutes } from './limits.ts';
import { recoveryParams } from './params.ts';
import { resourceSteps } from './resources.ts';

/**
 * Brings the group up in its secondary after an outage. The generation is raised before anything
 * else, so that from then on no worker of the old primary can commit; the old primary is fenced beside
 * the choice of the point, so that one which does not answer costs no time.
 */
export const failover = definePlan({
  name: 'failover',
  version: 1,
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
  }),
  steps: ({ verify, point, fenceSeconds }) => [
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
      params: { fenceSeconds },
      always: false,
      timeoutSeconds: fenceSeconds + minutes(1),
      retries: 2,
    },
    {
      id: 'choose-point',
      type: 'choose-point',
      title: 'choose and verify a recovery point',
      needs: ['raise-generation'],
      params: { verify, ...(point === undefined ? {} : { point }) },
      always: false,
      timeoutSeconds: hours(24),
      retries: 5,
    },
    {
      id: 'record',
      type: 'record',
      title: 'record RPO and RTO',
      needs: ['fence-primary', 'choose-point', 'check:*'],
      params: {},
      always: true,
      timeoutSeconds: minutes(1),
      retries: 3,
    },
  ],
  expand: ({ verifyVolumes }, manifest) => resourceSteps(manifest, ['choose-point'], verifyVolumes),
});
