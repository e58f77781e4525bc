import { Refusal } from '../../http/refusal.ts';
import type { Parts } from '../parts.ts';
import { type Route, route } from '../routing.ts';
import type { Grant, Scope } from '../state/records.ts';
import { demand } from '../tokens/session.ts';
import { existing, listReply } from './collection.ts';

/** Roles of users on projects and on domains. */
export function grantRoutes(parts: Parts): readonly Route[] {
  return (['projects', 'domains'] as const).flatMap((kind) => routesOn(kind, parts));
}

function routesOn(kind: Scope['kind'], { directory }: Parts): readonly Route[] {
  const { users, roles } = directory;
  const checkUser = async (scope: Scope, userId: string): Promise<void> => {
    await existing({ table: users, singular: 'user' }, userId);
    if (kind === 'projects')
      await existing({ table: directory.projects, singular: 'project' }, scope.id);
    else await existing({ table: directory.domains, singular: 'domain' }, scope.id);
  };
  const grantOf = async (scopeId: string, userId: string, roleId: string): Promise<Grant> => {
    await existing({ table: roles, singular: 'role' }, roleId);
    const scope = { kind, id: scopeId };
    await checkUser(scope, userId);
    return { scope, userId, roleId };
  };
  const demandGiven = async (grant: Grant): Promise<void> => {
    const { roleId, userId, scope } = grant;
    if (!(await directory.hasGrant(grant)))
      throw new Refusal(
        404,
        `Could not find role assignment with role: ${roleId}, user or group: ${userId}, project, domain, or system: ${scope.id}.`,
      );
  };
  const all = `/v3/${kind}/*/users/*/roles`;
  const one = `${all}/*`;
  return [
    route('GET', all, async (request, id = '', userId = '') => {
      demand('list_grants', request.session);
      await checkUser({ kind, id }, userId);
      const given = await directory.rolesGiven(userId, { kind, id });
      return listReply({ singular: 'role', plural: 'roles' }, given, request);
    }),
    route('GET', one, async ({ session }, id = '', userId = '', roleId = '') => {
      demand('check_grant', session);
      await demandGiven(await grantOf(id, userId, roleId));
      return { status: 204 };
    }),
    route('PUT', one, async ({ session }, id = '', userId = '', roleId = '') => {
      demand('create_grant', session);
      await directory.change(async () => {
        const grant = await grantOf(id, userId, roleId);
        return { writes: [directory.putGrant(grant)], result: undefined };
      });
      return { status: 204 };
    }),
    route('DELETE', one, async ({ session }, id = '', userId = '', roleId = '') => {
      demand('revoke_grant', session);
      await directory.change(async () => {
        const grant = await grantOf(id, userId, roleId);
        await demandGiven(grant);
        return { writes: [directory.delGrant(grant)], result: undefined };
      });
      return { status: 204 };
    }),
  ];
}
