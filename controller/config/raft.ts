import type { Found } from '../input/check.ts';
import { parseDuration } from '../input/duration.ts';
import type { ExternalRaft, ManagedRaft, RaftConfig, SiteAddress } from './raft-config.ts';
import type { RaftSection } from './raft-schema.ts';
import { externalOf } from './raft-external.ts';
import { raftFault as fault, type Result } from './raft-fault.ts';
import { parseSiteAddress } from './site-address.ts';

export interface RaftSurroundings {
  /** The directory that paths are relative to. */
  readonly base: string;
  readonly regions: readonly string[];
  /** FARSHORE_ETCD; `etcd` of the PATH unless set. */
  readonly binary: string | undefined;
  /** PATH. */
  readonly searchPath: string | undefined;
}

/** Relations within the section and to the regions; reads the files that it names. All faults at once. */
export async function toRaft(
  section: RaftSection,
  surroundings: RaftSurroundings,
): Promise<Result<RaftConfig>> {
  const { regions } = surroundings;
  const { site, region = null, snapshots } = section;
  const faults: Found[] = [];
  const everySeconds = parseDuration(snapshots.every) ?? 0;
  if (everySeconds < 60)
    faults.push(fault(['snapshots', 'every'], `expected at least 1m, found ${snapshots.every}`));
  if (region !== null && !regions.includes(region))
    faults.push(
      fault(
        ['region'],
        `expected one of regions (${regions.join(', ') || 'there are none'}), found ${region}; leave it out for a witness`,
      ),
    );
  const home = await homeOf(section, surroundings);
  if ('faults' in home) return { faults: [...faults, ...home.faults] };
  if (faults.length > 0) return { faults };
  const kept = Object.freeze({ everySeconds, keep: snapshots.keep });
  return { value: Object.freeze({ site, region, home: home.value, snapshots: kept }) };
}

async function homeOf(
  section: RaftSection,
  surroundings: RaftSurroundings,
): Promise<Result<ManagedRaft | ExternalRaft>> {
  const { sites, etcd } = section;
  if (sites !== undefined && etcd !== undefined)
    return {
      faults: [fault(['etcd'], 'expected either sites, whose members are started here, or etcd')],
    };
  if (etcd !== undefined) return externalOf(etcd, surroundings.base);
  if (sites !== undefined) return managedOf({ ...section, sites }, surroundings);
  return {
    faults: [fault(['sites'], 'is missing, expected the host of each site (or etcd: endpoints)')],
  };
}

function managedOf(
  { site, sites, roundTripMs }: RaftSection & { readonly sites: Readonly<Record<string, string>> },
  { binary = 'etcd', searchPath = '/usr/local/bin:/usr/bin:/bin' }: RaftSurroundings,
): Result<ManagedRaft> {
  const faults: Found[] = [];
  const addresses = new Map<string, SiteAddress>();
  const takenBy = new Map<string, string>();
  for (const [name, text] of Object.entries(sites)) {
    const parsed = parseSiteAddress(text);
    if ('fault' in parsed) {
      faults.push(fault(['sites', name], parsed.fault));
      continue;
    }
    const { host, peerPort, clientPort } = parsed.address;
    for (const port of [peerPort, clientPort]) {
      const other = takenBy.get(`${host} ${port}`);
      if (other !== undefined)
        faults.push(fault(['sites', name], `has port ${port} of ${host} in common with ${other}`));
      takenBy.set(`${host} ${port}`, name);
    }
    addresses.set(name, parsed.address);
  }
  if (!Object.hasOwn(sites, site))
    faults.push(
      fault(['site'], `expected one of sites (${Object.keys(sites).join(', ')}), found ${site}`),
    );
  if (faults.length > 0) return { faults };
  const home = { type: 'managed', sites: addresses, roundTripMs, binary, searchPath } as const;
  return { value: Object.freeze(home) };
}
