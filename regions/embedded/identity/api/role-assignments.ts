import { Refusal } from '../../http/refusal.ts';
import type { Parts } from '../parts.ts';
import { type Request, type Route, route } from '../routing.ts';
import { type Directory, list } from '../state/directory.ts';
import type { Grant, Role, Scope } from '../state/records.ts';
import { demand } from '../tokens/session.ts';
import { listOf } from './collection.ts';

export function roleAssignmentRoutes({ directory }: Parts): readonly Route[] {
  return [
    route('GET', '/v3/role_assignments', async (request) => {
      demand('list_role_assignments', request.session);
      const { query } = request.call;
      if (query.has('user.id') && query.has('group.id'))
        throw new Refusal(400, 'Specify a user or group, not both');
      const rows: object[] = [];
      for (const grant of await list(directory.grants, (one) => isAsked(one, query)))
        for (const roleId of await rolesOf(grant, isOn(query, 'effective'), directory))
          if ((query.get('role.id') ?? roleId) === roleId)
            rows.push(await row(grant, roleId, request, directory));
      return listOf('role_assignments', rows, request);
    }),
  ];
}

function isAsked({ scope, userId }: Grant, query: URLSearchParams): boolean {
  const scopeIs = (kind: Scope['kind'], key: string) => {
    const id = query.get(key);
    return id === null || (scope.kind === kind && scope.id === id);
  };
  return (
    (query.get('user.id') ?? userId) === userId &&
    scopeIs('projects', 'scope.project.id') &&
    scopeIs('domains', 'scope.domain.id') &&
    // There are neither groups nor roles on the whole system here.
    !query.has('group.id') &&
    !query.has('scope.system')
  );
}

/** A flag is on by being there, unless it says 0. */
function isOn(query: URLSearchParams, flag: string): boolean {
  return query.has(flag) && query.get(flag) !== '0';
}

async function rolesOf(
  { roleId }: Grant,
  isEffective: boolean,
  directory: Directory,
): Promise<readonly string[]> {
  if (!isEffective) return [roleId];
  const role = await directory.roles.get(roleId);
  const roles: readonly Role[] = role === undefined ? [] : await directory.withImplied([role]);
  return roles.map(({ id }) => id);
}

async function row(
  { scope, userId, roleId: given }: Grant,
  roleId: string,
  { call }: Request,
  directory: Directory,
): Promise<object> {
  const withNames = isOn(call.query, 'include_names');
  const base = `${call.origin}/v3`;
  const user = await directory.users.get(userId);
  const role = await directory.roles.get(roleId);
  const project = await directory.projects.get(scope.id);
  const domain = await directory.domains.get(scope.id);
  const named = async (one: { id: string; name: string; domain_id?: string } | undefined) => {
    if (!withNames || one === undefined) return {};
    const id = one.domain_id;
    if (id === undefined) return { name: one.name };
    return { name: one.name, domain: { id, name: (await directory.domains.get(id))?.name ?? id } };
  };
  return {
    links: {
      assignment: `${base}/${scope.kind}/${scope.id}/users/${userId}/roles/${given}`,
      ...(roleId === given ? {} : { prior_role: `${base}/prior_role/${roleId}/implies/${given}` }),
    },
    scope:
      scope.kind === 'projects'
        ? { project: { id: scope.id, ...(await named(project)) } }
        : { domain: { id: scope.id, ...(await named(domain)) } },
    user: { id: userId, ...(await named(user)) },
    role: { id: roleId, ...(withNames ? { name: role?.name ?? roleId } : {}) },
  };
}
