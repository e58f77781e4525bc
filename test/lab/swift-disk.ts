import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Damage, ObjectPath } from '../contract/environment.ts';
import type { Lab } from './lab.ts';
import type { Region } from './region.ts';
import type { RegionName } from './topology.ts';

/**
 * Damages every copy of an object on the disks of the region's cluster (in a stretched lab: of
 * both regions). Container listings and replicas know nothing of it. What readers see: `alter`: one
 * GET of wrong bytes, after which Swift quarantines the object (404), and RGW gives them for ever;
 * `truncate`, `delete`: 404 of Swift, a body that breaks off or is not there of RGW.
 */
export async function corruptObject(
  lab: Lab,
  region: RegionName,
  path: ObjectPath,
  damage: Damage,
): Promise<number> {
  if (lab.region(region).objectStore === 'rgw') {
    await corruptInRados(lab.region(region), path, damage);
    return 1;
  }
  const regions = lab.topology === 'stretched' ? lab.regions : [lab.region(region)];
  const args = [damage, path.account, path.container, path.object];
  let files = 0;
  for (const each of regions) files += Number(await each.script('object.py', args));
  if (files === 0) throw new Error(`no copy of ${path.container}/${path.object} on disk`);
  return files;
}

async function corruptInRados(region: Region, path: ObjectPath, damage: Damage): Promise<void> {
  const script = await readFile(join(import.meta.dirname, 'scripts', 'rgw-object.sh'), 'utf8');
  const args = [damage, path.account, path.container, path.object];
  await region.run(['bash', '-c', script, 'bash', ...args]);
}
