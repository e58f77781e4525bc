import type { Copy, Verification } from '../mover.ts';
import { heldKeys, lacksOf } from './state.ts';
import type { Session } from './types.ts';
import { lackingMember, provenMember, stateOfMembers } from '../point/members.ts';
import { formatsOf, manifestFormat } from '../point/formats.ts';
import { oldestDataTime } from '../point/manifest.ts';
import type { NewPoint, PointManifest, PointMember, RecoveryPoint } from '../point/types.ts';

/** The manifest of a verified session. It follows from the saved state alone, so it can be built again. */
export function manifestOf(
  session: Session,
  previous: PointManifest['previous'],
  installation: string,
): PointManifest {
  const copies = copiesOf(session);
  return {
    format: manifestFormat,
    installation,
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
    lacks: lacksOf(session),
  };
}

/** The head of the point whose manifest is in the bank. */
export function headOf(
  session: Session,
  manifest: RecoveryPoint['manifest'],
  committedAt: string,
): NewPoint {
  const copies = copiesOf(session);
  const isRead = heldKeys(session).every((key) => session.verifications[key]?.depth === 'content');
  const members = membersOf(session);
  return {
    id: session.pointId,
    group: session.group,
    generation: session.generation,
    state: stateOfMembers(members),
    region: session.targetRegion,
    sourceRegion: session.sourceRegion,
    ...cutOf(session),
    dataTime: oldestDataTime(copies),
    committedAt,
    manifest,
    members,
    formats: formatsOf(copies),
    resources: copies.length,
    objects: copies.reduce((sum, copy) => sum + copy.objects, 0),
    bytes: copies.reduce((sum, copy) => sum + copy.bytes, 0),
    // The least that was done for any resource.
    checked: {
      at: committedAt,
      depth: isRead ? 'content' : 'listing',
      damaged: 0,
      findings: [],
    },
  };
}

/** How many resources the point lacks, or has only a part of; so far, while they are shipped. */
export function countNotWhole(session: Session): number {
  return membersOf(session).filter(({ state }) => state !== 'proven').length;
}

/** Of the copies that are there, and of what was given up. */
function membersOf(session: Session): readonly PointMember[] {
  const copies = heldKeys(session).flatMap((key) => session.copies[key] ?? []);
  return [...copies.map(provenMember), ...lacksOf(session).map(lackingMember)];
}

export function copiesOf(session: Session): readonly Copy[] {
  return heldKeys(session).map((key) => {
    const copy = session.copies[key];
    if (copy === undefined) throw new RangeError(`no copy of ${key}`);
    return copy;
  });
}

function cutOf(session: Session): { readonly cutStart: string; readonly cutEnd: string } {
  const { cutStart, cutEnd } = session;
  if (cutStart === undefined || cutEnd === undefined)
    throw new RangeError(`session ${session.id} was never cut`);
  return { cutStart, cutEnd };
}

/** What is in the point and was read to its end, by key. */
export function readChecks(session: Session): readonly (readonly [string, Verification])[] {
  return heldKeys(session).flatMap((key) => {
    const check = session.verifications[key];
    return check?.depth === 'content' ? [[key, check] as const] : [];
  });
}
