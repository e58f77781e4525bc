import type { Restored, RestoreOrder, TargetContext } from '../../mover.ts';
import { partsOf, type ContainerCopy, type ContainerPart } from '../types.ts';
import { RestoreTally, type RestoreDeps } from './deps.ts';
import { fillPlain, fillReferring, type Filling } from './fill.ts';
import { convergeLive } from './live.ts';
import { referringRows } from './living-rows.ts';
import { LostObjects } from './lost-objects.ts';
import { claimTarget, nameTaken, openTarget, targetName } from './target.ts';

/**
 * Makes the container out of the bank: claimed first, filled while it is open to nobody else, opened at
 * the end. What its objects refer to in other containers comes with it; where those exist already and
 * are somebody else's, that is said, and nothing there is touched.
 */
export async function restoreContainer(
  copy: ContainerCopy,
  order: RestoreOrder,
  at: TargetContext,
  deps: RestoreDeps,
): Promise<Restored> {
  const tally = new RestoreTally();
  const isLive = at.sharedSwift && order.mode === 'failover';
  if (isLive) await convergeLive(inOrder(copy), order, at, deps, tally);
  else await fillNew(copy, order, at, deps, tally);
  const name = targetName(copy.container, order);
  const notes = [...copy.notes, ...lacksOf(copy), ...tally.notes()];
  return { resource: copy.resource, id: name, name, bytes: tally.bytes, notes };
}

async function fillNew(
  copy: ContainerCopy,
  order: RestoreOrder,
  at: TargetContext,
  deps: RestoreDeps,
  tally: RestoreTally,
): Promise<void> {
  const parts: ContainerPart[] = [];
  for (const part of inOrder(copy)) {
    const name = targetName(part.container, order);
    if (await claimTarget(name, order, at)) parts.push(part);
    else if (part === copy || order.mode === 'drill') throw nameTaken(name, order, at);
    else
      tally.note(
        `${name}: exists in region ${at.target.region} and was not made by this failover; what ${copy.container} refers to in it was not restored there`,
      );
  }
  const containers = new Set(parts.map(({ container }) => container));
  const lost = new LostObjects();
  const filling: Filling = { order, at, deps, tally, containers, lost };
  for (const part of parts) await fillPlain(part, filling);
  await lost.follow(referringRows(parts, at, deps));
  for (const part of parts) await fillReferring(part, filling);
  for (const part of parts)
    await openTarget(part, targetName(part.container, order), order, at, tally, part === copy);
}

/** What others refer to comes before them. */
function inOrder(copy: ContainerCopy): readonly ContainerPart[] {
  return partsOf(copy).toReversed();
}

function lacksOf({ lacks = [], lacking = 0 }: ContainerCopy): readonly string[] {
  const names = lacks.slice(0, 5).map(({ object, reason }) => `${object} (${reason})`);
  return lacking === 0 ? [] : [`the point lacks ${lacking} objects: ${names.join('; ')}`];
}
