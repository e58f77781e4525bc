import { FarshoreError } from '../../kernel/errors.ts';
import type { Cluster } from './types.ts';

/**
 * For whatever changes something in a region: throws `controller.stepped-down` (transient) once this
 * controller's lease is over by its own clock, even when it was asleep until now and has not heard
 * of it. What it carries out may be another's by then.
 */
export function assertLease(cluster: Pick<Cluster, 'self'>): void {
  if (cluster.self !== null) return;
  throw new FarshoreError('this controller has no lease now, and may change nothing', {
    code: 'controller.stepped-down',
    kind: 'transient',
    operation: 'change a region',
    hint: 'it goes on by itself once it reaches a majority of the sites: farshore raft status',
  });
}
