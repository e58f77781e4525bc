import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../kernel/clock.ts';
import { silentLog } from '../../kernel/log.ts';
import { systemRandom } from '../../kernel/random.ts';
import { loadClouds } from '../../regions/identity/clouds.ts';
import { openRegion } from '../../regions/openstack-region.ts';
import type { ProjectScope, Region } from '../../regions/region.ts';
import { writeClouds } from './clouds.ts';
import type { Lab } from './lab.ts';
import { type RegionName, regionNames } from './topology.ts';

export const ambient = { clock: systemClock, random: systemRandom, log: silentLog };

export interface LabScopes {
  readonly scopes: Readonly<Record<RegionName, ProjectScope>>;
  close(): Promise<void>;
}

/** Both regions as the product's own clients see them, as admin in project demo. */
export async function openScopes(lab: Lab): Promise<LabScopes> {
  const folder = await mkdtemp(join(tmpdir(), 'farshore-scopes-'));
  const file = join(folder, 'clouds.yaml');
  await writeClouds(lab, file, 'demo');
  const clouds = await loadClouds({ env: { OS_CLIENT_CONFIG_FILE: file }, cwd: folder });
  await rm(folder, { recursive: true });
  const opened: Region[] = [];
  const scopeOf = async (name: RegionName): Promise<ProjectScope> => {
    const swiftCluster = lab.topology === 'stretched' ? 'both' : name;
    const cloud = await clouds.get(name);
    const region = openRegion(
      { name, cloud, regionName: name, swiftCluster, maxCalls: 8 },
      { ambient },
    );
    opened.push(region);
    return region.home();
  };
  const [east, west] = await Promise.all(regionNames.map(scopeOf));
  return {
    scopes: { east: east!, west: west! },
    close: async () => {
      await Promise.all(opened.map((region) => region.close()));
    },
  };
}
