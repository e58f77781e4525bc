import type { ControllerService } from '../../service.ts';
import { page, pageOf, pageQuery } from '../paging.ts';
import { route, type Route } from '../route.ts';
import { auditRecord } from '../schemas.ts';

export function auditRoutes(service: ControllerService): readonly Route[] {
  return [
    route({
      method: 'get',
      path: '/audit',
      id: 'listAudit',
      summary:
        'What was done against a safeguard, and what was deleted; newest first, kept for ever',
      query: pageQuery,
      response: pageOf(auditRecord),
      handle: async ({ query, read }) => ({
        body: page(await service.listAudit(read), (record) => record.id, query),
      }),
    }),
  ];
}
