import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { OpenedContext } from '../../replicator/session/runner.ts';
import type { Session } from '../../replicator/session/types.ts';
import type { ProtectionPolicy } from '../../replicator/policy.ts';
import type { GroupSpec } from '../model/types.ts';
import type { Sites } from '../sites.ts';

/** Both sides of a session. Throws what the regions throw when they cannot be reached. */
export async function openContext(
  session: Session,
  spec: GroupSpec,
  policy: ProtectionPolicy,
  deps: { readonly sites: Sites; readonly spoolDir: string },
  signal: AbortSignal,
): Promise<OpenedContext> {
  const source = deps.sites.region(session.sourceRegion);
  const target = deps.sites.region(session.targetRegion);
  const { project, mappings, availabilityZone } = spec.target;
  const bank = await deps.sites.bank(target.name, signal);
  await bank.requireOwned(signal);
  return {
    source: await source.project(spec.source.project, signal),
    target: await target.project(project, signal),
    bank,
    sharedSwift: source.swiftCluster === target.swiftCluster,
    mappings,
    ...(availabilityZone === undefined ? {} : { availabilityZone }),
    options: policy.options,
    ...(source.listingLagMs === undefined ? {} : { listingLagMs: source.listingLagMs }),
    spoolDir: await prepareSpool(deps.spoolDir, session),
  };
}

/**
 * `<spool>/<group>/<session>`: survives a crash, so that a session which is taken up finds its
 * listings. Those of the group's earlier sessions are rubbish by now, whatever became of them.
 */
async function prepareSpool(root: string, session: Session): Promise<string> {
  const own = join(root, session.group, session.id);
  await mkdir(own, { recursive: true, mode: 0o700 });
  for (const name of await readdir(join(root, session.group)))
    if (name !== session.id)
      await rm(join(root, session.group, name), { recursive: true, force: true });
  return own;
}

/** Harmless when there is none. */
export async function dropSpool(root: string, group: string): Promise<void> {
  await rm(join(root, group), { recursive: true, force: true });
}
