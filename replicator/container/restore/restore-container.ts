import type { Restored, RestoreOrder, TargetContext } from '../../mover.ts';
import { scratchName } from '../naming.ts';
import type { ContainerCopy, MirrorCopy } from '../types.ts';
import { RestoreTally, type RestoreDeps } from './deps.ts';
import { restoreForDrill } from './drill.ts';
import { convergeMirror } from './failover.ts';
import { convergeLive } from './live.ts';

/** Containers of segments before those whose objects need them. */
export async function restoreContainer(
  copy: ContainerCopy,
  order: RestoreOrder,
  at: TargetContext,
  deps: RestoreDeps,
): Promise<Restored> {
  const tally = new RestoreTally();
  const mirrors: readonly MirrorCopy[] = [...copy.segments, copy];
  if (order.mode === 'drill') await restoreForDrill(copy, order, at, deps, tally);
  else if (at.sharedSwift) await convergeAllLive(mirrors, at, deps, tally);
  else for (const mirror of mirrors) await convergeMirror(mirror, order, at, deps, tally);
  const name = order.mode === 'drill' ? scratchName(order.scratch, copy.container) : copy.container;
  return {
    resource: copy.resource,
    id: name,
    name,
    bytes: tally.bytes,
    notes: [...copy.notes, ...tally.summary(), ...tally.notes()],
  };
}

async function convergeAllLive(
  mirrors: readonly MirrorCopy[],
  at: TargetContext,
  deps: RestoreDeps,
  tally: RestoreTally,
): Promise<void> {
  const sources = new Map(mirrors.map(({ container, mirror }) => [mirror, container]));
  const renamed = (name: string) => sources.get(name) ?? name;
  for (const mirror of mirrors) await convergeLive(mirror, renamed, at, deps, tally);
}
