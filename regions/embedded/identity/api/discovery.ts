import { jsonReply } from '../../http/reply.ts';
import { openRoute, type Route } from '../routing.ts';

function version(origin: string): object {
  return {
    id: 'v3.14',
    status: 'stable',
    updated: '2020-04-07T00:00:00Z',
    links: [{ rel: 'self', href: `${origin}/v3/` }],
    'media-types': [
      { base: 'application/json', type: 'application/vnd.openstack.identity-v3+json' },
    ],
  };
}

export const discoveryRoutes: readonly Route[] = [
  openRoute('GET', '/', ({ call: { origin } }) =>
    jsonReply(300, { versions: { values: [version(origin)] } }, { location: `${origin}/v3/` }),
  ),
  openRoute('GET', '/v3', ({ call: { origin } }) => jsonReply(200, { version: version(origin) })),
];
