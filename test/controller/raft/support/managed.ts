import type { Config } from '../../../../controller/config/config.ts';
import type { ManagedRaft } from '../../../../controller/config/raft-config.ts';
import { parseSiteAddress } from '../../../../controller/config/site-address.ts';
import { type ManagedSite, managedSite } from '../../../../controller/raft/managed.ts';

export const threeSites = { east: '127.0.0.1:1:2', west: '10.0.2.10', witness: 'etcd.example' };

/** A site as its configuration describes it. */
export function siteAt(
  dataDir: string,
  site: string,
  sites: Readonly<Record<string, string>> = threeSites,
  binary = 'etcd',
): ManagedSite {
  return managedSite(configAt(dataDir, site, sites, binary));
}

export function configAt(
  dataDir: string,
  site: string,
  sites: Readonly<Record<string, string>> = threeSites,
  binary = 'etcd',
): Config {
  const home: ManagedRaft = {
    type: 'managed',
    sites: new Map(
      Object.entries(sites).map(([name, text]) => {
        const parsed = parseSiteAddress(text);
        if ('fault' in parsed) throw new Error(parsed.fault);
        return [name, parsed.address];
      }),
    ),
    roundTripMs: 1,
    binary,
    searchPath: process.env['PATH'] ?? '',
  };
  return {
    file: 'farshore.yaml',
    dataDir,
    api: { host: '127.0.0.1', port: 0 },
    log: { level: 'info' },
    limits: { sessions: 1, resources: 1 },
    regions: new Map(),
    raft: { site, region: null, home, snapshots: { everySeconds: 3600, keep: 3 } },
  };
}
