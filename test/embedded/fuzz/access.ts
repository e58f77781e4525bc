import { systemClock } from '../../../kernel/clock.ts';
import { silentLog } from '../../../kernel/log.ts';
import { systemRandom } from '../../../kernel/random.ts';
import { openRegion } from '../../../regions/openstack-region.ts';
import { defaultMaxCalls } from '../../../regions/region-config.ts';
import type { ProjectScope } from '../../../regions/region.ts';
import { issueToken } from '../../support/token.ts';

const domain = { id: 'default' } as const;

/** An administrator's ways into project demo of an embedded region. */
export interface Access {
  readonly token: string;
  readonly scope: ProjectScope;
  readonly url: string;
  close(): Promise<void>;
}

export async function openAccess(url: string): Promise<Access> {
  const { token } = await issueToken(url);
  const ambient = { clock: systemClock, random: systemRandom, log: silentLog };
  const region = openRegion(
    {
      name: 'east',
      regionName: 'east',
      swiftCluster: 'east',
      maxCalls: defaultMaxCalls,
      cloud: {
        name: 'east',
        authUrl: `${url}/v3`,
        credentials: {
          kind: 'password',
          user: { name: 'admin', domain },
          password: 'secret',
          project: { name: 'demo', domain },
        },
        regionName: 'east',
        endpointInterface: 'public',
        tls: { verify: true },
      },
    },
    { ambient },
  );
  return { token, url, scope: await region.home(), close: () => region.close() };
}
