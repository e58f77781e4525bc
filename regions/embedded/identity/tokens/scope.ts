import { Refusal } from '../../http/refusal.ts';
import { malformed, unauthorized } from '../refusals.ts';
import { type Directory, find } from '../state/directory.ts';
import type { Scope } from '../state/records.ts';
import { type AuthInput, domainOf, type Proof, type ReferenceInDomain } from './authenticate.ts';

/**
 * What the token shall be good for. Asked for nothing, the user's default project if there is a role
 * on it. Whether there is a role on what was asked for is seen when the token is issued.
 */
export async function scopeOf(
  { user, credential }: Proof,
  asked: AuthInput['scope'],
  directory: Directory,
): Promise<Scope | null> {
  if (credential !== undefined) {
    if (asked !== undefined)
      throw new Refusal(
        401,
        'Error authenticating with application credential: Application credentials cannot request a scope.',
      );
    return { kind: 'projects', id: credential.project_id };
  }
  if (asked === undefined) {
    if (typeof user.default_project_id !== 'string') return null;
    const scope: Scope = { kind: 'projects', id: user.default_project_id };
    return (await directory.rolesOn(user.id, scope)).length > 0 ? scope : null;
  }
  if (typeof asked === 'string') return unscoped(asked === 'unscoped');
  const kinds = Object.keys(asked);
  if (kinds.length !== 1) return unscoped(false);
  if (asked.project !== undefined) return projectScope(asked.project, directory);
  if (asked.domain !== undefined) return domainScope(asked.domain, directory);
  if (kinds[0] === 'system' || kinds[0] === 'OS-TRUST:trust') throw unauthorized();
  return unscoped(kinds[0] === 'unscoped');
}

function unscoped(isAsked: boolean): null {
  if (isAsked) return null;
  throw malformed('system, project, domain, OS-TRUST:trust or unscoped', 'scope');
}

async function projectScope(given: ReferenceInDomain, directory: Directory): Promise<Scope> {
  if (given.id !== undefined) return { kind: 'projects', id: given.id };
  if (given.name === undefined) throw malformed('name', 'project');
  if (given.domain === undefined) throw malformed('domain', 'project');
  const domainId = await domainOf(given.domain, directory);
  const project = await find(
    directory.projects,
    ({ name, domain_id }) => name === given.name && domain_id === domainId,
  );
  if (project === undefined) throw unauthorized();
  return { kind: 'projects', id: project.id };
}

async function domainScope(
  given: NonNullable<Exclude<AuthInput['scope'], string | undefined>['domain']>,
  directory: Directory,
): Promise<Scope> {
  const id = await domainOf(given, directory);
  if (id === undefined) throw unauthorized();
  return { kind: 'domains', id };
}
