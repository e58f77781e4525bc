import { z } from 'zod';

import type { ControllerService } from '../../service.ts';
import { page, pageOf, pageQuery } from '../paging.ts';
import { route, type Route } from '../route.ts';
import {
  auditedQuery,
  listedPoint,
  pointWithManifest,
  reasonBody,
  recoveryPoint,
} from '../schemas.ts';

const verifyBody = z.strictObject({
  depth: z
    .enum(['listing', 'content'])
    .default('content')
    .describe('`content` reads every byte back; `listing` compares names, sizes and hashes.'),
});

export function pointRoutes(service: ControllerService): readonly Route[] {
  return [...readingRoutes(service), ...keepingRoutes(service)];
}

function readingRoutes(service: ControllerService): readonly Route[] {
  return [
    route({
      method: 'get',
      path: '/groups/{group}/points',
      id: 'listPoints',
      summary: "A group's recovery points, newest first",
      query: pageQuery,
      response: pageOf(listedPoint),
      handle: async ({ params, query, read }) => ({
        body: page(
          await service.listPoints(params['group'] ?? '', read),
          (point) => point.id,
          query,
        ),
      }),
    }),
    route({
      method: 'get',
      path: '/groups/{group}/points/{point}',
      id: 'getPoint',
      summary: 'A recovery point and its manifest from the bank',
      response: pointWithManifest,
      handle: async ({ params, read }) => ({
        body: await service.getPoint(params['group'] ?? '', params['point'] ?? '', read),
      }),
    }),
    route({
      method: 'post',
      path: '/groups/{group}/points/{point}/verify',
      id: 'verifyPoint',
      summary: 'Checks a point in the secondary now, and records what was found',
      body: verifyBody,
      response: recoveryPoint,
      handle: async ({ params, body, signal }) => ({
        body: await service.verifyPoint(
          params['group'] ?? '',
          params['point'] ?? '',
          body.depth,
          signal,
        ),
      }),
    }),
  ];
}

function keepingRoutes(service: ControllerService): readonly Route[] {
  return [
    route({
      method: 'post',
      path: '/groups/{group}/points/{point}/hold',
      id: 'holdPoint',
      summary: 'Keeps a point out of retention until it is released; audited',
      body: reasonBody,
      status: 204,
      handle: async ({ params, body }) => {
        await service.holdPoint(params['group'] ?? '', params['point'] ?? '', body.reason);
        return {};
      },
    }),
    route({
      method: 'post',
      path: '/groups/{group}/points/{point}/release',
      id: 'releasePoint',
      summary: 'Lets a point that was held go by the policy again; audited',
      body: reasonBody,
      status: 204,
      handle: async ({ params, body }) => {
        await service.releasePoint(params['group'] ?? '', params['point'] ?? '', body.reason);
        return {};
      },
    }),
    route({
      method: 'delete',
      path: '/groups/{group}/points/{point}',
      id: 'deletePoint',
      summary: 'Deletes a point and what only it needs; never the newest proven one; audited',
      status: 204,
      query: auditedQuery,
      handle: async ({ params, query }) => {
        await service.deletePoint(params['group'] ?? '', params['point'] ?? '', query.reason);
        return {};
      },
    }),
  ];
}
