import { FarshoreError } from '../../kernel/errors.ts';
import { resourceKey } from '../mover.ts';
import type { Depth, Movers, TargetContext, Verification } from '../mover.ts';
import { withoutManifest } from './lost-manifest.ts';
import type { MemberChecks } from './members.ts';
import { isManifestDamage, readManifest } from './read-manifest.ts';
import type { NewPoint, PointManifest } from './types.ts';
import { verifyCopy } from './verify-copy.ts';

/**
 * Reads the secondary and says what is true of the point now, by resourceKey; of all its resources, or
 * of those named. Nothing is written. What could not be asked throws and says nothing about the point.
 */
export async function checkPoint(
  point: NewPoint,
  depth: Depth,
  deps: { readonly movers: Movers; readonly at: TargetContext },
  only?: ReadonlySet<string>,
): Promise<MemberChecks> {
  if (point.state === 'expiring') throw isExpiring(point);
  let manifest: PointManifest;
  try {
    manifest = await readManifest(deps.at.bank, point, deps.at.signal);
  } catch (error) {
    if (!isManifestDamage(error)) throw error;
    return withoutManifest(point, error, deps.at.bank);
  }
  const checks = new Map<string, Verification>();
  for (const copy of manifest.copies) {
    deps.at.signal.throwIfAborted();
    if (only?.has(resourceKey(copy.resource)) === false) continue;
    checks.set(resourceKey(copy.resource), await verifyCopy(deps.movers, copy, depth, deps.at));
  }
  return checks;
}

function isExpiring(point: NewPoint): FarshoreError {
  return new FarshoreError('the point is being deleted', {
    code: 'point.expiring',
    kind: 'permanent',
    operation: 'verify point',
    subject: `${point.group}/${point.id}`,
    hint: 'choose another point',
  });
}
