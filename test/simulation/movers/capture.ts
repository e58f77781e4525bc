import {
  resourceKey,
  type Capture,
  type ResourceRef,
  type SessionContext,
} from '../../../replicator/mover.ts';
import { unknownKind } from '../../support/known-kinds.ts';
import type { RegionLink } from '../world/region-link.ts';
import { linkOf } from '../world/sim-scope.ts';
import type { SimRegion } from '../world/sim-region.ts';
import { captureOf } from '../world/shapes.ts';
import type { Actor, Content, Resource } from '../world/types.ts';
import { missing, unusable } from './refusals.ts';

export function actorOf({ sessionId, group }: SessionContext): Actor {
  return { type: 'session', id: sessionId, group };
}

export function snapshotName(session: SessionContext, resource: ResourceRef): string {
  return `${session.sessionId} ${resourceKey(resource)}`;
}

/** Where this machine keeps the session's listing of a container: another machine has none. */
export function spoolName(
  session: SessionContext,
  resource: ResourceRef,
  link: RegionLink,
): string {
  return `${link.process.host} ${snapshotName(session, resource)}`;
}

export async function capture(resource: ResourceRef, session: SessionContext): Promise<Capture> {
  switch (resource.kind) {
    case 'volume':
      return captureVolume(resource, session);
    case 'image':
    case 'container':
      return captureListing(resource, session);
    default:
      return unknownKind(resource.kind);
  }
}

/** A snapshot that the session's name finds again; its time is that of the data. */
async function captureVolume(resource: ResourceRef, session: SessionContext): Promise<Capture> {
  const { signal, source } = session;
  const link = linkOf(source);
  const name = snapshotName(session, resource);
  const look = () => link.read('find snapshot', (region) => region.snapshots.get(name), signal);
  let found = await look();
  if (found === undefined) {
    const create = { operation: 'create snapshot', subject: name } as const;
    await link.write(
      create,
      actorOf(session),
      (region) => takeSnapshot(link, region, name, resource),
      signal,
    );
    found = await look();
  }
  if (found === undefined) throw missing('snapshot', name);
  return captureOf(resource, found.takenAt, found.content.size);
}

/** Not idempotent, as with Cinder: a second one of the name would be another snapshot. */
function takeSnapshot(
  link: RegionLink,
  region: SimRegion,
  name: string,
  resource: ResourceRef,
): boolean {
  const { objects } = existing(region, resource);
  const content = new Map(objects);
  region.snapshots.set(name, { content, takenAt: region.now() });
  remember(link, name, content);
  return true;
}

async function captureListing(resource: ResourceRef, session: SessionContext): Promise<Capture> {
  const link = linkOf(session.source);
  const name = snapshotName(session, resource);
  const listed = await link.read(
    'list resource',
    (region) => {
      const content = new Map(existing(region, resource).objects);
      return { content, at: region.now(), atMs: link.world.scheduler.nowMs };
    },
    session.signal,
  );
  link.world.disks.set(spoolName(session, resource, link), listed);
  link.world.cuts.set(name, listed);
  return captureOf(resource, listed.at, listed.content.size);
}

export function existing(region: SimRegion, { kind, id }: ResourceRef): Resource {
  const found = region.find(kind, id);
  if (found === undefined) throw missing(kind, id);
  mustBeReadable(region, found);
  return found;
}

export function mustBeReadable(
  region: SimRegion,
  { kind, id }: Pick<ResourceRef, 'kind' | 'id'>,
): void {
  if (region.broken.has(`${kind}/${id}`)) throw unusable(kind, id);
}

/** For the invariants: what was cut and when. Only the first cut of a name counts. */
function remember({ world }: RegionLink, name: string, content: Content): void {
  if (!world.cuts.has(name)) world.cuts.set(name, { atMs: world.scheduler.nowMs, content });
}
