import type { ControllerService } from '../../service.ts';
import { route, type Route } from '../route.ts';
import { clusterStatus } from '../schemas.ts';

export function clusterRoutes(service: ControllerService): readonly Route[] {
  return [
    route({
      method: 'get',
      path: '/cluster',
      id: 'getCluster',
      summary: 'The controllers that are there now, which of them coordinates, and the quorum',
      response: clusterStatus,
      handle: async ({ read }) => ({ body: await service.cluster(read) }),
    }),
  ];
}
