import { join } from 'node:path';
import type { Ambient } from '../../kernel/ambient.ts';
import type { OnRequest } from '../../regions/http/request-event.ts';
import { openRegion } from '../../regions/openstack-region.ts';
import type { Region } from '../../regions/region.ts';
import type { Identity } from '../../replicator/bank/identity.ts';
import type { Bank } from '../../replicator/bank/bank.ts';
import { createBank } from '../../replicator/bank/swift-bank.ts';
import type { Config, RegionSettings } from '../config/config.ts';
import type { Sites } from '../sites.ts';
import { notFound } from '../state/refusals.ts';

export interface OpenedSites {
  readonly sites: Sites;
  readonly close: () => Promise<void>;
}

interface Site {
  readonly settings: RegionSettings;
  readonly region: Region;
  bank: Bank | null;
}

export interface SiteHooks {
  readonly onRequest?: OnRequest;
  /** Asked before every request that may change something in a region; throws to forbid it. */
  readonly permit?: () => void;
  /** For whom banks are used. */
  readonly identity: () => Promise<Identity>;
}

/** Opens no connection: a region that is down stops nobody from starting. */
export function openSites(config: Config, ambient: Ambient, hooks: SiteHooks): OpenedSites {
  const all = new Map<string, Site>();
  for (const [name, settings] of config.regions)
    all.set(name, { settings, region: openRegion(settings, { ambient, ...hooks }), bank: null });
  const site = (name: string): Site => {
    const found = all.get(name);
    if (found === undefined)
      throw notFound(
        'region',
        name,
        all.size === 0
          ? 'the configuration of this site has none: ask the controller of another'
          : `the configuration has ${[...all.keys()].join(', ')}`,
      );
    return found;
  };
  const sites: Sites = {
    names: [...all.keys()],
    region: (name) => site(name).region,
    bankOf: (name) => site(name).settings.bank,
    bank: async (name, signal) => {
      const found = site(name);
      found.bank ??= await openBank(found, config.dataDir, await hooks.identity(), ambient, signal);
      return found.bank;
    },
  };
  const close = async () => {
    await Promise.all([...all.values()].map(({ region }) => region.close()));
  };
  return { sites: Object.freeze(sites), close };
}

async function openBank(
  { settings, region }: Site,
  dataDir: string,
  identity: Identity,
  ambient: Ambient,
  signal: AbortSignal,
): Promise<Bank> {
  const { project, container } = settings.bank;
  const scope =
    project === undefined ? await region.home(signal) : await region.project(project, signal);
  const spoolDir = join(dataDir, 'spool', 'bank');
  return createBank({ store: scope.objectStore, container, identity, spoolDir, ambient });
}
