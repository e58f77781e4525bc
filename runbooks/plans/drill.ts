import { z } from 'zod';

import { definePlan } from '../plan.ts';
import { hours, minutes } from './limits.ts';
import { recoveryParams } from './params.ts';
import { resourceSteps } from './resources.ts';

/**
 * Proves that the group can be recovered, beside everything that runs: scratch names only, neither
 * the primary nor the group's generation or replication is touched, and what was made is removed
 * whatever happened, which is then shown by asking the services.
 */
export const drill = definePlan({
  name: 'drill',
  version: 1,
  mode: 'drill',
  description:
    'Restore the newest proven point under scratch names in the secondary, compare every byte, clean up and show that nothing is left',
  params: z.strictObject({
    ...recoveryParams,
    hold: z
      .boolean()
      .default(false)
      .describe('wait for an approval before cleaning up, to look at what was restored'),
  }),
  steps: ({ verify, point, hold }) => [
    {
      id: 'choose-point',
      type: 'choose-point',
      title: 'choose and verify a recovery point',
      needs: [],
      params: { verify, ...(point === undefined ? {} : { point }) },
      always: false,
      timeoutSeconds: hours(24),
      retries: 5,
    },
    {
      id: 'cleanup',
      type: 'cleanup',
      title: 'delete everything that the drill made',
      needs: ['choose-point', 'restore:*', 'check:*'],
      params: {},
      always: true,
      timeoutSeconds: hours(2),
      retries: 8,
      ...(hold ? { gate: 'look at what was restored, then approve to delete it' } : {}),
    },
    {
      id: 'inventory',
      type: 'inventory',
      title: 'ask the services whether anything is left',
      needs: ['cleanup'],
      params: { waitSeconds: minutes(10) },
      always: true,
      timeoutSeconds: minutes(30),
      retries: 8,
    },
    {
      id: 'record',
      type: 'record',
      title: 'record RPO and RTO',
      needs: ['inventory'],
      params: {},
      always: true,
      timeoutSeconds: minutes(1),
      retries: 3,
    },
  ],
  expand: (params, manifest) => resourceSteps(manifest, ['choose-point'], params),
});
