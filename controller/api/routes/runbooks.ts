import type { ControllerService } from '../../service.ts';
import { page, pageOf, pageQuery } from '../paging.ts';
import { route, type Route } from '../route.ts';
import { runbookInfo } from '../schemas.ts';

export function runbookRoutes(service: ControllerService): readonly Route[] {
  return [
    route({
      method: 'get',
      path: '/runbooks',
      id: 'listRunbooks',
      summary: 'The runbooks and their parameters',
      query: pageQuery,
      response: pageOf(runbookInfo),
      handle: ({ query }) =>
        Promise.resolve({ body: page(service.listRunbooks(), (runbook) => runbook.name, query) }),
    }),
  ];
}
