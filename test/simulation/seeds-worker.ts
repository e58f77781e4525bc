import { parentPort, workerData } from 'node:worker_threads';
import { simulate } from './simulation.ts';

/** Which seeds a worker simulates, and whether their lines are wanted. */
export interface Batch {
  readonly first: number;
  readonly count: number;
  readonly isTraced: boolean;
}

const { first, count, isTraced } = workerData as Batch;
for (let seed = first; seed < first + count; seed += 1)
  parentPort?.postMessage(await simulate(seed, { isTraced }));
