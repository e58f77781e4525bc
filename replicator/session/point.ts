import type { Copy } from '../mover.ts';
import { resourceKey } from '../mover.ts';
import type { Session } from './types.ts';
import { oldestDataTime } from '../point/manifest.ts';
import type { NewPoint, PointManifest, RecoveryPoint } from '../point/types.ts';

/** The manifest of a verified session. It follows from the saved state alone, so it can be built again. */
export function manifestOf(session: Session, previous: PointManifest['previous']): PointManifest {
  const copies = copiesOf(session);
  return {
    version: 1,
    id: session.pointId,
    group: session.group,
    generation: session.generation,
    sessionId: session.id,
    sourceRegion: session.sourceRegion,
    region: session.targetRegion,
    ...cutOf(session),
    dataTime: oldestDataTime(copies),
    previous,
    copies,
  };
}

/** The head of the point whose manifest is in the bank. */
export function headOf(
  session: Session,
  manifest: RecoveryPoint['manifest'],
  committedAt: string,
): NewPoint {
  const copies = copiesOf(session);
  const verifications = Object.values(session.verifications);
  const isRead = verifications.every(({ depth }) => depth === 'content');
  return {
    id: session.pointId,
    group: session.group,
    generation: session.generation,
    state: 'proven',
    region: session.targetRegion,
    sourceRegion: session.sourceRegion,
    ...cutOf(session),
    dataTime: oldestDataTime(copies),
    committedAt,
    manifest,
    resources: copies.length,
    objects: copies.reduce((sum, copy) => sum + copy.objects, 0),
    bytes: copies.reduce((sum, copy) => sum + copy.bytes, 0),
    // The least that was done for any resource.
    checked: { at: committedAt, depth: isRead ? 'content' : 'listing', damaged: 0, findings: [] },
  };
}

function copiesOf(session: Session): readonly Copy[] {
  return session.resources.map((resource) => {
    const copy = session.copies[resourceKey(resource)];
    if (copy === undefined) throw new RangeError(`no copy of ${resourceKey(resource)}`);
    return copy;
  });
}

function cutOf(session: Session): { readonly cutStart: string; readonly cutEnd: string } {
  const { cutStart, cutEnd } = session;
  if (cutStart === undefined || cutEnd === undefined)
    throw new RangeError(`session ${session.id} was never cut`);
  return { cutStart, cutEnd };
}
