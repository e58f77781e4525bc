import type { EndedExecution } from '../../replicator/mover.ts';
import { scratchOf } from '../steps/copies.ts';
import type { Execution } from './types.ts';

/** Pure: the execution as movers are told of it who look for what it left; what it knew is in its journal. */
export function endedExecution(execution: Execution): EndedExecution {
  const { id, mode, steps } = execution;
  const known = new Set<string>();
  for (const { memo, output } of steps) {
    for (const value of Object.values(memo)) for (const word of value.split(' ')) known.add(word);
    if (typeof output === 'object' && output !== null && 'id' in output)
      known.add(String(output.id));
  }
  return { id, mode, scratch: scratchOf(execution), knew: (each) => known.has(each) };
}
