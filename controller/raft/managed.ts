import { FarshoreError } from '../../kernel/errors.ts';
import type { Config } from '../config/config.ts';
import type { ManagedRaft, RaftConfig, SiteAddress } from '../config/raft-config.ts';
import { type RaftDir, raftDir } from './raft-dir.ts';

/** A site whose member is started here. */
export interface ManagedSite {
  readonly site: string;
  readonly region: string | null;
  readonly home: ManagedRaft;
  readonly address: SiteAddress;
  readonly dir: RaftDir;
  readonly dataDir: string;
  readonly snapshots: RaftConfig['snapshots'];
}

/** Throws `raft.not-configured` or `raft.not-managed`. */
export function managedSite({ raft, file, dataDir }: Config): ManagedSite {
  const detail = { kind: 'permanent', operation: 'read configuration', subject: file } as const;
  if (raft === undefined)
    throw new FarshoreError('there is no section raft: this is a single controller', {
      ...detail,
      code: 'raft.not-configured',
      hint: 'write raft: { site: <this one>, region: <its region>, sites: { <name>: <host>, … } } into it, at every site',
    });
  const { site, region, home, snapshots } = raft;
  if (home.type === 'external')
    throw new FarshoreError('the etcd of this configuration is run by others', {
      ...detail,
      code: 'raft.not-managed',
      hint: 'use their tools for its members',
    });
  const address = home.sites.get(site);
  // The loader has checked it.
  if (address === undefined) throw new Error(`the configuration has no site ${site}`);
  return Object.freeze({ site, region, home, address, dir: raftDir(dataDir), dataDir, snapshots });
}
