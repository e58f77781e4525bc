import { isoTime, type Clock } from '../../kernel/clock.ts';
import { FarshoreError } from '../../kernel/errors.ts';
import type { Depth, Finding, Movers, TargetContext } from '../mover.ts';
import { isManifestDamage, readManifest } from './read-manifest.ts';
import type { PointManifest, RecoveryPoint } from './types.ts';
import { verifyCopy } from './verify-copy.ts';

/** A head is read often: it holds this many findings and counts all. */
export const findingsKept = 1000;

/**
 * Reads the secondary and says what is true of the point now: the head to save. Nothing is written.
 * Damage makes it `damaged`; what could not be asked throws and says nothing about the point.
 *
 * A damaged one becomes `proven` again only when every byte of it was read and is whole: a listing
 * that shows nothing wrong does not outweigh damage that was seen, and leaves the head as it is.
 */
export async function verifyPoint(
  point: RecoveryPoint,
  depth: Depth,
  deps: { readonly movers: Movers; readonly at: TargetContext; readonly clock: Clock },
): Promise<RecoveryPoint> {
  if (point.state === 'expiring') throw isExpiring(point);
  const { findings, damaged } = await examine(point, depth, deps);
  if (damaged === 0 && point.state === 'damaged' && depth === 'listing') return point;
  return {
    ...point,
    state: damaged === 0 ? 'proven' : 'damaged',
    checked: {
      at: isoTime(deps.clock.now()),
      depth,
      damaged,
      findings: findings.slice(0, findingsKept),
    },
  };
}

async function examine(
  point: RecoveryPoint,
  depth: Depth,
  deps: { readonly movers: Movers; readonly at: TargetContext },
): Promise<{ readonly findings: readonly Finding[]; readonly damaged: number }> {
  let manifest: PointManifest;
  try {
    manifest = await readManifest(deps.at.bank, point, deps.at.signal);
  } catch (error) {
    if (!isManifestDamage(error)) throw error;
    const problem = error.code === 'point.manifest-missing' ? 'missing' : 'altered';
    const subject = `${deps.at.bank.container}/${point.manifest.object}`;
    const finding = { resource: 'manifest', subject, problem, detail: error.message } as const;
    return { findings: [finding], damaged: 1 };
  }
  const findings: Finding[] = [];
  let damaged = 0;
  for (const copy of manifest.copies) {
    deps.at.signal.throwIfAborted();
    const verification = await verifyCopy(deps.movers, copy, depth, deps.at);
    damaged += verification.damaged;
    findings.push(...verification.findings.slice(0, findingsKept - findings.length));
  }
  return { findings, damaged };
}

function isExpiring(point: RecoveryPoint): FarshoreError {
  return new FarshoreError('the point is being deleted', {
    code: 'point.expiring',
    kind: 'permanent',
    operation: 'verify point',
    subject: `${point.group}/${point.id}`,
    hint: 'choose another point',
  });
}
