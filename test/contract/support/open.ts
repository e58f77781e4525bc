import type { OnRequest } from '../../../regions/http/request-event.ts';
import type { CloudConfig } from '../../../regions/identity/cloud-config.ts';
import { openRegion } from '../../../regions/openstack-region.ts';
import { defaultMaxCalls, type RegionConfig } from '../../../regions/region-config.ts';
import type { ProjectScope, Region } from '../../../regions/region.ts';
import type { Environment, RegionName, RegionUnderTest } from '../environment.ts';

const domain = { id: 'default' } as const;

export function cloudOf(region: RegionUnderTest, project = 'demo'): CloudConfig {
  return {
    name: region.name,
    authUrl: region.authUrl,
    credentials: {
      kind: 'password',
      user: { name: 'admin', domain },
      password: 'secret',
      project: { name: project, domain },
    },
    regionName: region.name,
    endpointInterface: 'public',
    tls: { verify: true },
  };
}

/** The region as the product is configured for it, as admin in a project. */
export function configOf(
  environment: Environment,
  name: RegionName,
  cloud = cloudOf(environment.regions[name]),
): RegionConfig {
  const swiftCluster = environment.topology === 'stretched' ? 'both' : name;
  const regionName = environment.regions[name].name;
  return { name, cloud, regionName, swiftCluster, maxCalls: defaultMaxCalls };
}

export interface Scopes {
  readonly east: ProjectScope;
  readonly west: ProjectScope;
  close(): Promise<void>;
}

/** Both regions as the product's own clients see them, as admin in project demo. */
export async function openScopes(environment: Environment, onRequest?: OnRequest): Promise<Scopes> {
  const { ambient } = environment;
  const deps = { ambient, ...(onRequest === undefined ? {} : { onRequest }) };
  const open = (name: RegionName): Region => openRegion(configOf(environment, name), deps);
  const regions = [open('east'), open('west')] as const;
  const [east, west] = await Promise.all([regions[0].home(), regions[1].home()]);
  return {
    east,
    west,
    close: async () => {
      await Promise.all(regions.map((region) => region.close()));
    },
  };
}
