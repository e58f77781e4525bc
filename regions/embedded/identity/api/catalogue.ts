import type { Parts } from '../parts.ts';
import { notFound } from '../refusals.ts';
import { type OpenRequest, type Request, type Route, route } from '../routing.ts';
import { demand } from '../tokens/session.ts';
import { listReply, oneReply, selected } from './collection.ts';

interface Kind {
  readonly singular: string;
  readonly plural: string;
  readonly filters: readonly string[];
  /** Whether whoever has a token may look. */
  readonly isPublic: boolean;
  readonly rows: (request: OpenRequest) => readonly { readonly id: string }[];
}

/** The catalogue is what the process serves: it can be read and not changed. */
export function catalogueRoutes({ catalogue }: Parts): readonly Route[] {
  const kinds: readonly Kind[] = [
    {
      singular: 'service',
      plural: 'services',
      filters: ['name', 'type'],
      isPublic: false,
      rows: () => catalogue.services,
    },
    {
      singular: 'endpoint',
      plural: 'endpoints',
      filters: ['interface', 'service_id', 'region_id'],
      isPublic: false,
      rows: ({ call }) => catalogue.endpoints(call.origin),
    },
    {
      singular: 'region',
      plural: 'regions',
      filters: ['parent_region_id'],
      isPublic: true,
      rows: () => catalogue.regions.map((id) => ({ id, description: '', parent_region_id: null })),
    },
  ];
  return kinds.flatMap(routesOf);
}

function routesOf(kind: Kind): readonly Route[] {
  const { singular, plural, filters, isPublic, rows } = kind;
  const look = (action: string, request: Request) => {
    demand(action, request.session, isPublic);
    return rows(request);
  };
  return [
    route('GET', `/v3/${plural}`, (request) =>
      listReply(kind, selected(look(`list_${plural}`, request), filters, request), request),
    ),
    route('GET', `/v3/${plural}/*`, (request, id = '') => {
      const row = look(`get_${singular}`, request).find((one) => one.id === id);
      if (row === undefined) throw notFound(singular, id);
      return oneReply(kind, row, request);
    }),
  ];
}
