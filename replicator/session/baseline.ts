import { resourceKey, type Copy, type Depth, type Previous } from '../mover.ts';
import { hasWhole } from '../point/members.ts';
import { isSameData } from '../point/copies.ts';
import { type LostManifestDeps, recordLostManifest } from '../point/lost-manifest.ts';
import { lookAtManifest } from '../point/read-manifest.ts';
import type { PointMember, RecoveryPoint } from '../point/types.ts';
import type { Session } from './types.ts';

/** The newest point of the group between the same two regions, which this session goes on from. */
export interface Baseline {
  readonly point: RecoveryPoint;
  /** By resourceKey. */
  readonly copies: ReadonlyMap<string, Copy>;
}

/**
 * The newest point whose manifest can be read: one that is damaged itself tells nothing, and then the
 * point before it is the next best; without any, all is shipped that the secondary does not show.
 */
export async function readBaseline(
  session: Session,
  points: readonly RecoveryPoint[],
  deps: LostManifestDeps,
): Promise<Baseline | null> {
  for (const point of points) {
    if (point.id === session.pointId || point.state === 'expiring') continue;
    if (point.region !== session.targetRegion || point.sourceRegion !== session.sourceRegion)
      continue;
    const copies = await copiesOf(point, deps);
    if (copies !== null) return { point, copies };
  }
  return null;
}

/**
 * The newest copy of each resource, by its key: the baseline's, and of what that lacks the one from
 * before it was lacking. What happened to a resource meanwhile shows in no other comparison.
 */
export async function newestCopies(
  keys: readonly string[],
  baseline: Baseline | null,
  points: readonly RecoveryPoint[],
  deps: LostManifestDeps,
): Promise<ReadonlyMap<string, Copy>> {
  if (baseline === null) return new Map();
  const copies = new Map(baseline.copies);
  const open = new Set(keys.filter((key) => !copies.has(key)));
  const { sequence, region, sourceRegion } = baseline.point;
  for (const point of points) {
    if (open.size === 0) break;
    if (point.sequence >= sequence || point.state === 'expiring') continue;
    if (point.region !== region || point.sourceRegion !== sourceRegion) continue;
    const isHeld = ({ resource, dataTime }: PointMember) =>
      dataTime !== null && open.has(resourceKey(resource));
    if (!point.members.some(isHeld)) continue;
    for (const [key, copy] of (await copiesOf(point, deps)) ?? [])
      if (open.delete(key)) copies.set(key, copy);
  }
  return copies;
}

/** Null of a manifest that tells nothing. */
async function copiesOf(
  point: RecoveryPoint,
  deps: LostManifestDeps,
): Promise<ReadonlyMap<string, Copy> | null> {
  const look = await lookAtManifest(deps.bank, point, deps.signal);
  if (look.state === 'read')
    return new Map(look.copies.map((copy) => [resourceKey(copy.resource), copy]));
  if (look.state === 'damaged') await recordLostManifest(point, deps);
  const { error } = look;
  deps.log.warn('manifest cannot be used, going on from the point before', {
    point: point.id,
    error,
  });
  return null;
}

/** What the mover ships against. */
export function previousOf(baseline: Baseline | null, key: string): Previous | null {
  const copy = baseline?.copies.get(key);
  if (baseline === null || copy === undefined) return null;
  const damage = baseline.point.checked.findings.filter(({ resource }) => resource === key);
  return { copy, damage };
}

/** The copy is the baseline's, byte for byte: nothing of it was shipped by this session. */
export function isUnchanged(baseline: Baseline | null, copy: Copy): boolean {
  const before = baseline?.copies.get(resourceKey(copy.resource));
  return before !== undefined && isSameData(before, copy);
}

/**
 * What the secondary took it compared with its hash as it came, and what it lists is compared with that:
 * reading it back at once would tell nothing about the disk that it goes to. That is the scrubber's work.
 * Where damage was found it is read: only so is it known that what was stored anew heals every point.
 */
export function depthOf(baseline: Baseline | null, copy: Copy): Depth {
  const key = resourceKey(copy.resource);
  const isDamaged = baseline?.copies.has(key) === true && !hasWhole(baseline.point, key);
  return isDamaged ? 'content' : 'listing';
}
