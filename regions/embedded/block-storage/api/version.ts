import type { Call } from '../../http/call.ts';
import { header } from '../../http/call.ts';
import { Refusal } from '../../http/refusal.ts';
import { jsonReply, type Reply } from '../../http/reply.ts';
import { malformed } from './request.ts';

const newestMinor = 70;

/** The microversion that `OpenStack-API-Version` asks for; 3.0 without it. Throws 400 and 406. */
export function minorOf(call: Call): number {
  const wish = header(call, 'openstack-api-version');
  if (wish === undefined) return 0;
  const version = wish
    .split(',')
    .map((each) => each.trim().split(/\s+/))
    .find(([service]) => service === 'volume')?.[1];
  if (version === undefined) throw new Refusal(400, malformed);
  if (version === 'latest') return newestMinor;
  const [, major, minor] = /^([1-9]\d*)\.(0|[1-9]\d*)$/.exec(version) ?? [];
  if (major === undefined)
    throw new Refusal(
      400,
      `API Version String ${version} is of invalid format. Must be of format MajorNum.MinorNum.`,
    );
  if (major !== '3' || Number(minor) > newestMinor)
    throw new Refusal(
      406,
      `Version ${version} is not supported by the API. Minimum is 3.0 and maximum is 3.${newestMinor}.`,
      versionHeaders(version),
    );
  return Number(minor);
}

export function versionHeaders(version: string): Record<string, string> {
  return { 'openstack-api-version': `volume ${version}`, vary: 'OpenStack-API-Version' };
}

/** What `/` (300) and `/v3/` (200) answer. */
export function versionDocument(status: number, root: string): Reply {
  const version = {
    id: 'v3.0',
    status: 'CURRENT',
    version: `3.${newestMinor}`,
    min_version: '3.0',
    updated: '2022-08-31T00:00:00Z',
    links: [
      { rel: 'describedby', type: 'text/html', href: 'https://docs.openstack.org/' },
      { rel: 'self', href: `${root}/v3/` },
    ],
    'media-types': [
      { base: 'application/json', type: 'application/vnd.openstack.volume+json;version=3' },
    ],
  };
  return jsonReply(status, { versions: [version] });
}
