import { Findings } from '../../findings.ts';
import type { Depth, TargetContext, Verification } from '../../mover.ts';
import type { ContainerCopy } from '../types.ts';
import { verifyContent } from './content.ts';
import { verifyListing } from './listing.ts';
import { StoredRows, type VerifyDeps } from './stored-rows.ts';

/**
 * Reads the bank only. Names, metadata, manifests and links are in the catalogs, which their hash proves
 * whole; bytes were proven by the bank when they came, and `content` reads them again.
 */
export async function verifyContainer(
  copy: ContainerCopy,
  depth: Depth,
  at: TargetContext,
  deps: VerifyDeps,
): Promise<Verification> {
  const findings = new Findings(copy.resource);
  const stored = new StoredRows(copy, at, findings);
  if (depth === 'listing') await verifyListing(stored, at, deps, findings);
  else await verifyContent(stored, at, deps, findings);
  return findings.result(depth);
}
