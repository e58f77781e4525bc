import { z } from 'zod';

import { toDocument } from '../../model/documents.ts';
import { policySchema } from '../../model/policy-document.ts';
import type { ProtectionPolicy, Stored } from '../../model/types.ts';
import type { ControllerService } from '../../service.ts';
import { page, pageOf, pageQuery } from '../paging.ts';
import { policyBody } from '../document-body.ts';
import { route, type Reply, type Route } from '../route.ts';

export function policyRoutes(service: ControllerService): readonly Route[] {
  return [
    route({
      method: 'get',
      path: '/policies',
      id: 'listPolicies',
      summary: 'All protection policies',
      query: pageQuery,
      response: pageOf(policySchema),
      handle: async ({ query, read }) => {
        const stored = page(await service.listPolicies(read), ({ value }) => value.name, query);
        return { body: { ...stored, items: stored.items.map(({ value }) => toDocument(value)) } };
      },
    }),
    route({
      method: 'get',
      path: '/policies/{policy}',
      id: 'getPolicy',
      summary: 'A protection policy',
      response: policySchema,
      handle: async ({ params, read }) =>
        reply(await service.getPolicy(params['policy'] ?? '', read)),
    }),
    route({
      method: 'put',
      path: '/policies/{policy}',
      id: 'applyPolicy',
      summary:
        'Creates or replaces a policy; If-Match replaces only what was read, If-None-Match: * only creates',
      body: z.unknown().meta({ $ref: '#/components/schemas/Policy' }),
      response: policySchema,
      handle: async ({ params, body, precondition }) =>
        reply(await service.applyPolicy(policyBody(params['policy'] ?? '', body), precondition)),
    }),
    route({
      method: 'delete',
      path: '/policies/{policy}',
      id: 'deletePolicy',
      summary: 'Deletes a policy that no group uses',
      status: 204,
      handle: async ({ params, precondition }) => {
        await service.deletePolicy(params['policy'] ?? '', precondition);
        return {};
      },
    }),
  ];
}

function reply({ value, revision }: Stored<ProtectionPolicy>): Reply {
  return { revision, body: toDocument(value) };
}
