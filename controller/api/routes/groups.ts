import { z } from 'zod';

import { approvalReason } from '../../../runbooks/approval.ts';
import { toDocument } from '../../model/documents.ts';
import { groupSchema, type GroupDocument } from '../../model/group-document.ts';
import type { Group, GroupStatus, Stored } from '../../model/types.ts';
import type { ControllerService } from '../../service.ts';
import type { ReadOptions } from '../../store/store.ts';
import { groupBody } from '../document-body.ts';
import { page, pageOf, pageQuery } from '../paging.ts';
import { route, type Route } from '../route.ts';
import { auditedQuery, groupStatus, sessionState, sessionSummary } from '../schemas.ts';

/** A group as applied, and how it stands. */
export interface GroupView {
  readonly spec: GroupDocument;
  readonly status: GroupStatus;
}

const groupView = z.object({ spec: groupSchema, status: groupStatus }).meta({ id: 'GroupView' });

const deleteQuery = auditedQuery.extend({
  deletePoints: z
    .enum(['true', 'false'])
    .default('false')
    .describe('Delete its recovery points and their data too.'),
});

export function groupRoutes(service: ControllerService): readonly Route[] {
  return [...documentRoutes(service), ...sessionRoutes(service)];
}

function documentRoutes(service: ControllerService): readonly Route[] {
  const view = async ({ value, revision }: Stored<Group>, read: ReadOptions) => ({
    revision,
    body: {
      spec: toDocument(value.spec),
      status: await service.groupStatus(value.spec.name, read),
    },
  });
  return [
    route({
      method: 'get',
      path: '/groups',
      id: 'listGroups',
      summary: 'All protection groups against their objectives',
      query: pageQuery,
      response: pageOf(groupView),
      handle: async ({ query, read }) => {
        const [groups, states] = await Promise.all([
          service.listGroups(read),
          service.listGroupStatus(read),
        ]);
        const stateOf = new Map(states.map((status) => [status.name, status]));
        const stored = page(groups, ({ value }) => value.spec.name, query);
        // One that was applied or deleted between the two readings is not shown in half.
        const items = stored.items.flatMap(({ value: { spec } }) => {
          const status = stateOf.get(spec.name);
          return status === undefined ? [] : [{ spec: toDocument(spec), status }];
        });
        return { body: { ...stored, items } };
      },
    }),
    route({
      method: 'get',
      path: '/groups/{group}',
      id: 'getGroup',
      summary: 'A protection group',
      response: groupView,
      handle: async ({ params, read }) =>
        view(await service.getGroup(params['group'] ?? '', read), read),
    }),
    route({
      method: 'put',
      path: '/groups/{group}',
      id: 'applyGroup',
      summary:
        'Creates or replaces a group, after asking both regions; If-Match and If-None-Match as for policies',
      body: z.unknown().meta({ $ref: '#/components/schemas/Group' }),
      response: groupView,
      handle: async ({ params, body, precondition, read, signal }) => {
        const spec = groupBody(params['group'] ?? '', body);
        return view(await service.applyGroup(spec, precondition, signal), read);
      },
    }),
    route({
      method: 'delete',
      path: '/groups/{group}',
      id: 'deleteGroup',
      summary:
        'Ends the protection; refuses while points exist unless they are to be deleted; audited',
      query: deleteQuery,
      status: 204,
      handle: async ({ params, query, precondition }) => {
        const deletePoints = query.deletePoints === 'true';
        const { reason } = query;
        await service.deleteGroup(params['group'] ?? '', { deletePoints, precondition, reason });
        return {};
      },
    }),
  ];
}

const releaseBody = z.strictObject({
  resource: z.string().min(3).max(2000).describe('`volume/5f0c…`, as the status names it.'),
  reason: approvalReason,
});

function sessionRoutes(service: ControllerService): readonly Route[] {
  return [
    route({
      method: 'post',
      path: '/groups/{group}/release',
      id: 'releaseResource',
      summary:
        'Says that what happened to a member in the source is as it should be: its old copies go by the policy again; audited',
      body: releaseBody,
      status: 204,
      handle: async ({ params, body }) => {
        await service.releaseResource(params['group'] ?? '', body.resource, body.reason);
        return {};
      },
    }),
    route({
      method: 'post',
      path: '/groups/{group}/sync',
      id: 'syncGroup',
      summary: 'Starts a replication session now, or joins the one under way',
      status: 202,
      response: sessionSummary,
      handle: async ({ params }) => ({ body: await service.syncGroup(params['group'] ?? '') }),
    }),
    route({
      method: 'get',
      path: '/groups/{group}/sessions/{session}',
      id: 'getSession',
      summary: 'A session and, while it runs, its progress',
      response: sessionState,
      handle: async ({ params, read }) => ({
        body: await service.session(params['group'] ?? '', params['session'] ?? '', read),
      }),
    }),
  ];
}
