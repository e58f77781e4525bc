import {
  nothingSwept,
  type Copy,
  type Mover,
  type Movers,
  type ResourceKind,
  type SessionContext,
} from '../../../replicator/mover.ts';
import { linkOf } from '../world/sim-scope.ts';
import { actorOf, capture, snapshotName } from './capture.ts';
import { scrub } from './scrub.ts';
import { check, discard, expire, inventory, restore, verify } from './secondary.ts';
import { ship } from './ship.ts';

/** A mover of each kind, over the simulated regions; whose process moves follows from the scope. */
export const simMovers: Movers = Object.freeze({
  volume: moverOf('volume'),
  image: moverOf('image'),
  container: moverOf('container'),
});

function moverOf(kind: ResourceKind): Mover {
  return {
    kind,
    capture,
    ship,
    verify,
    scrub,
    obstacles: () => Promise.resolve([]),
    restore,
    check,
    discard,
    inventory: (scratch, at) => inventory(kind, scratch, at),
    expire,
    tidy,
    sweep: () => Promise.resolve(nothingSwept),
    sweepExecution: () => Promise.resolve(nothingSwept),
  };
}

/** Snapshots of this session and of any before it: one session of a group runs at a time. */
async function tidy({ resource }: Copy, session: SessionContext): Promise<void> {
  if (resource.kind !== 'volume') return;
  const suffix = snapshotName(session, resource).slice(session.sessionId.length);
  const link = linkOf(session.source);
  const found = await link.read(
    'list snapshots',
    ({ snapshots }) => [...snapshots.keys()].filter((name) => name.endsWith(suffix)),
    session.signal,
  );
  for (const name of found)
    await link.write(
      { operation: 'delete snapshot', subject: name },
      actorOf(session),
      ({ snapshots }) => snapshots.delete(name),
      session.signal,
    );
}
