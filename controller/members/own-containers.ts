import type { Sites } from '../sites.ts';

/** Cinder's own default, `backup_swift_container`. */
const cinderBackups = 'volumebackups';

/** Containers in the region that hold backups and recovery points: never members of a group. */
export function ownContainers(sites: Sites, region: string): ReadonlySet<string> {
  return new Set([cinderBackups, sites.bankOf(region).container]);
}
