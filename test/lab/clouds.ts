import { writeFile } from 'node:fs/promises';

import { stringify } from 'yaml';

import type { Lab } from './lab.ts';
import { type RegionName, regionNames } from './topology.ts';

export interface CloudAuth {
  readonly auth_url: string;
  readonly username: string;
  readonly password: string;
  readonly project_name: string;
  readonly user_domain_id: string;
  readonly project_domain_id: string;
}

export interface Cloud {
  readonly auth: CloudAuth;
  readonly region_name: RegionName;
  readonly identity_api_version: 3;
}

function cloud(lab: Lab, name: RegionName, projectName: string, username: string): Cloud {
  return {
    auth: {
      auth_url: `http://${lab.region(name).address}:5000/v3`,
      username,
      password: 'secret',
      project_name: projectName,
      user_domain_id: 'default',
      project_domain_id: 'default',
    },
    region_name: name,
    identity_api_version: 3,
  };
}

/** The content of a clouds.yaml with an entry per region, usable from the host. */
export function clouds(
  lab: Lab,
  projectName = 'admin',
  username = 'admin',
): { clouds: Record<string, Cloud> } {
  return {
    clouds: Object.fromEntries(
      regionNames.map((name) => [name, cloud(lab, name, projectName, username)]),
    ),
  };
}

export async function writeClouds(
  lab: Lab,
  path: string,
  projectName?: string,
  username?: string,
): Promise<void> {
  await writeFile(path, stringify(clouds(lab, projectName, username)), { mode: 0o600 });
}

/** The same as exports for a shell. */
export function openrc(lab: Lab, name: RegionName, projectName = 'admin'): string {
  const { auth } = cloud(lab, name, projectName, 'admin');
  return [
    ...Object.entries(auth).map(
      ([key, value]) => `export OS_${key.toUpperCase()}=${value as string}`,
    ),
    `export OS_REGION_NAME=${name}`,
    'export OS_IDENTITY_API_VERSION=3',
  ].join('\n');
}
