import { Refusal } from '../../http/refusal.ts';
import { jsonReply } from '../../http/reply.ts';
import type { Parts } from '../parts.ts';
import { type Request, type Route, route } from '../routing.ts';
import { list } from '../state/directory.ts';
import { demand } from '../tokens/session.ts';
import { listReply } from './collection.ts';

/** What a user may do: where the roles are, and what a token of there finds. */
export function ownRoutes({ directory, catalogue }: Parts): readonly Route[] {
  const scopes = async (userId: string, kind: 'projects' | 'domains') => {
    const grants = await list(
      directory.grants,
      (grant) => grant.userId === userId && grant.scope.kind === kind,
    );
    const ids = new Set(grants.map(({ scope }) => scope.id));
    return list<{ id: string; enabled: boolean }>(
      directory[kind],
      ({ id, enabled }) => enabled && ids.has(id),
    );
  };
  const projects = async (request: Request, userId: string) =>
    listReply(
      { singular: 'project', plural: 'projects' },
      await scopes(userId, 'projects'),
      request,
    );
  return [
    route('GET', '/v3/auth/projects', (request) => projects(request, request.session.userId)),
    route('GET', '/v3/users/*/projects', (request, userId = '') => {
      demand('list_user_projects', request.session, userId === request.session.userId);
      return projects(request, userId);
    }),
    route('GET', '/v3/auth/domains', async (request) =>
      listReply(
        { singular: 'domain', plural: 'domains' },
        await scopes(request.session.userId, 'domains'),
        request,
      ),
    ),
    route('GET', '/v3/auth/catalog', ({ call, session }) => {
      if (session.claims.scope === null)
        throw new Refusal(403, 'A project-scoped token is required to produce a service catalog.');
      return jsonReply(200, {
        catalog: catalogue.of(session.project?.id, call.origin),
        links: { self: `${call.origin}/v3/auth/catalog` },
      });
    }),
  ];
}
