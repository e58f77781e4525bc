import { lackingMember, provenMember, stateOfMembers } from './members.ts';
import { formatsOf } from './formats.ts';
import type { NewPoint, PointManifest } from './types.ts';

/** The head of a point whose manifest was found in the bank; nobody has checked yet what it names. */
export function headOf(
  manifest: PointManifest,
  object: NewPoint['manifest'],
  at: string,
): NewPoint {
  const members = [...manifest.copies.map(provenMember), ...manifest.lacks.map(lackingMember)];
  const { id, group, generation, region, sourceRegion, cutStart, cutEnd, dataTime, copies } =
    manifest;
  return {
    id,
    group,
    generation,
    state: stateOfMembers(members),
    region,
    sourceRegion,
    cutStart,
    cutEnd,
    dataTime,
    committedAt: cutEnd,
    manifest: object,
    members,
    formats: formatsOf(copies),
    resources: copies.length,
    objects: copies.reduce((sum, copy) => sum + copy.objects, 0),
    bytes: copies.reduce((sum, copy) => sum + copy.bytes, 0),
    checked: { at, depth: 'listing', damaged: 0, findings: [] },
  };
}
