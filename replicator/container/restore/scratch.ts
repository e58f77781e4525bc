import type { Ambient } from '../../../kernel/ambient.ts';
import type {
  EndedExecution,
  RegionContext,
  RestoreOrder,
  Swept,
  TargetContext,
} from '../../mover.ts';
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

export async function listScratch(scratch: string, at: RegionContext): Promise<readonly string[]> {
  const found: string[] = [];
  const prefix = scratchName(scratch, '');
  for await (const { name } of at.target.objectStore.listContainers({ prefix, signal: at.signal }))
    found.push(name);
  return found;
}

/**
 * A container that a drill ordered may come to be after its end, and objects in it. What a failover makes
 * has one name, so that nothing comes twice; it is left for its retry, beside whatever users put there.
 */
export async function sweepScratch(
  { mode, scratch }: EndedExecution,
  at: RegionContext,
  ambient: Ambient,
): Promise<Swept> {
  const deleted: string[] = [];
  const left: string[] = [];
  if (mode !== 'drill') return { deleted, left };
  for (const name of await listScratch(scratch, at)) {
    const found = await at.target.objectStore.headContainer(name, at.signal);
    if (found === null) continue;
    if (found.headers[scratchMark] !== scratch) left.push(`container ${name} without its mark`);
    else if (await removeContainer(name, at, ambient)) deleted.push(`container ${name}`);
  }
  return { deleted, left };
}
