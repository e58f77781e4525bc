import { page, pageOf, pageQuery } from '../paging.ts';
import { route, type Route } from '../route.ts';
import { regionStatus } from '../schemas.ts';
import type { ControllerService } from '../../service.ts';

export function regionRoutes(service: ControllerService): readonly Route[] {
  return [
    route({
      method: 'get',
      path: '/regions',
      id: 'listRegions',
      summary: 'The regions and whether each of their services answers',
      query: pageQuery,
      response: pageOf(regionStatus),
      handle: async ({ query, signal }) => ({
        body: page(await service.listRegions(signal), (region) => region.name, query),
      }),
    }),
  ];
}
