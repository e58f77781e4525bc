import type { Ambient } from '../../../kernel/ambient.ts';
import type { RestoreOrder, TargetContext } from '../../mover.ts';
import { scratchMark, scratchName } from '../naming.ts';
import { removeContainer } from '../removal.ts';
import { partsOf, type ContainerCopy } from '../types.ts';
import { nameTaken } from './target.ts';

/** Deletes what a drill of this copy made; only what carries the drill's mark. */
export async function discardScratch(
  copy: ContainerCopy,
  order: RestoreOrder,
  at: TargetContext,
  ambient: Ambient,
): Promise<void> {
  // Those with manifests before those with segments, so that no reader meets half a large object.
  for (const { container } of partsOf(copy)) {
    const name = scratchName(order.scratch, container);
    const found = await at.target.objectStore.headContainer(name, at.signal);
    if (found === null) continue;
    if (found.headers[scratchMark] !== order.scratch)
      throw nameTaken(name, { ...order, mode: 'drill' }, at);
    await removeContainer(name, at, ambient);
  }
}

export async function listScratch(scratch: string, at: TargetContext): Promise<readonly string[]> {
  const found: string[] = [];
  const prefix = scratchName(scratch, '');
  for await (const { name } of at.target.objectStore.listContainers({ prefix, signal: at.signal }))
    found.push(name);
  return found;
}
