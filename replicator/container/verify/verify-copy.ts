import type { Depth, TargetContext, Verification } from '../../mover.ts';
import { isLostCatalog } from '../catalog/lost.ts';
import type { ContainerCopy, MirrorCopy } from '../types.ts';
import { verifyContent } from './content.ts';
import { Findings } from '../../findings.ts';
import { verifyListing, type VerifyDeps } from './listing.ts';
import { SegmentCheck } from './segments.ts';

/**
 * Reads the secondary and the bank only. A catalog that is missing or altered is a finding about the
 * copy: without it no version of its objects is known.
 */
export async function verifyContainer(
  copy: ContainerCopy,
  depth: Depth,
  at: TargetContext,
  deps: VerifyDeps,
): Promise<Verification> {
  const findings = new Findings(copy.resource);
  const mirrors: readonly MirrorCopy[] = [copy, ...copy.segments];
  const segments = new SegmentCheck(mirrors, at, findings);
  for (const mirror of mirrors)
    await withCatalogFindings(mirror, findings, () =>
      depth === 'listing'
        ? verifyListing(mirror, at, deps, findings)
        : verifyContent(mirror, at, deps, findings, segments),
    );
  await segments.settle('all').catch(ignoreLostCatalog);
  return findings.result(depth);
}

async function withCatalogFindings(
  mirror: MirrorCopy,
  findings: Findings,
  check: () => Promise<void>,
): Promise<void> {
  try {
    await check();
  } catch (error) {
    if (!isLostCatalog(error)) throw error;
    const problem = error.code === 'bank.catalog-missing' ? 'missing' : 'altered';
    findings.add(mirror.catalog.object, problem, error.message, Math.max(1, mirror.catalog.rows));
  }
}

/** It is a finding already. */
function ignoreLostCatalog(error: unknown): void {
  if (!isLostCatalog(error)) throw error;
}
