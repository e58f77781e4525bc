import type { Requester } from '../identity/authority.ts';

import { page } from './refusals.ts';
import type { Access, Core, Request } from './request.ts';
import { unquote } from './wire.ts';

const accountPrefix = 'AUTH_';
/** The roles of a project that own its account. */
const operatorRoles = new Set(['admin', 'member']);
const resellerAdminRole = 'reselleradmin';

/** Throws a Refusal of 401 for nobody and 403 for somebody who may not. */
export async function authorize(core: Core, request: Request): Promise<void> {
  const { access, account, container } = request;
  switch (access.kind) {
    case 'trusted':
      return;
    case 'temp-url':
      if (access.account === account && (access.container ?? container) === container) return;
      break;
    case 'requester':
      if (isGranted(request, access.requester, parseAcl(await aclOf(core, request)))) return;
      if (access.requester !== undefined) throw page(403);
  }
  throw page(401);
}

/** Whether the request may see and set what belongs to the account's owner: ACLs, keys, quotas. */
export function isOwner({ access, account }: Request): boolean {
  if (access.kind !== 'requester') return access.kind === 'trusted';
  return isResellerAdmin(access) || isOperator(access.requester, account);
}

/** May do everything in every account, and is the only one to set an account's quota. */
export function isResellerAdmin(access: Access): boolean {
  if (access.kind !== 'requester') return false;
  return access.requester?.roles.some((role) => role.toLowerCase() === resellerAdminRole) ?? false;
}

/** The container's, where one counts: not for accounts, nor for changing a container. */
async function aclOf({ state }: Core, request: Request): Promise<string> {
  const { method, account, container, object } = request;
  const isRead = method === 'GET' || method === 'HEAD';
  if (container === '' || (object === '' && !isRead)) return '';
  const record = await state.container(account, container);
  return record?.headers[isRead ? 'x-container-read' : 'x-container-write'] ?? '';
}

/** The order of the questions is keystoneauth's, and matters. */
function isGranted(
  request: Request,
  requester: Requester | undefined,
  { referrers, groups }: Acl,
): boolean {
  const { method, account, container, object } = request;
  if (method === 'OPTIONS' || isResellerAdmin(request.access)) return true;
  if (requester !== undefined) {
    if (container === '' && method === 'DELETE') return false;
    if (isNamed(requester, groups)) return true;
  }
  const isReferred = isReferrerAllowed(request.headers['referer'], referrers);
  if (isReferred && (object !== '' || groups.includes('.rlistings'))) return true;
  if (isOperator(requester, account)) return true;
  if (isReferred || requester === undefined || !isOfAccount(requester, account)) return false;
  const roles = requester.roles.map((role) => role.toLowerCase());
  return groups.some((group) => roles.includes(group.toLowerCase()));
}

function isOperator(requester: Requester | undefined, account: string): boolean {
  if (requester === undefined || !isOfAccount(requester, account)) return false;
  return requester.roles.some((role) => operatorRoles.has(role.toLowerCase()));
}

function isOfAccount({ project }: Requester, account: string): boolean {
  return project !== null && account === accountPrefix + project.id;
}

interface Acl {
  readonly referrers: readonly string[];
  readonly groups: readonly string[];
}

function parseAcl(acl: string): Acl {
  const items = acl.split(',').filter((item) => item !== '');
  return {
    referrers: items.filter((item) => item.startsWith('.r:')).map((item) => item.slice(3)),
    groups: items.filter((item) => !item.startsWith('.r:')).map((group) => unquote(group) ?? group),
  };
}

/** `project:user`, each an id, a name or `*`. */
function isNamed({ project, userId, userName }: Requester, groups: readonly string[]): boolean {
  const projects = new Set(['*', project?.id, project?.name]);
  const users = new Set(['*', userId, userName]);
  return groups.some((group) => {
    const at = group.indexOf(':');
    return at >= 0 && projects.has(group.slice(0, at)) && users.has(group.slice(at + 1));
  });
}

/** The last entry that fits the host decides. */
function isReferrerAllowed(referer = '', referrers: readonly string[]): boolean {
  const host = (URL.canParse(referer) ? new URL(referer).hostname : '') || 'unknown';
  const fits = (domain: string) =>
    domain === host || (domain.startsWith('.') && host.endsWith(domain));
  let isAllowed = false;
  for (const referrer of referrers) {
    if (referrer.startsWith('-')) isAllowed &&= !fits(referrer.slice(1));
    else isAllowed ||= referrer === '*' || fits(referrer);
  }
  return isAllowed;
}

const referrerWords = ['.r', '.ref', '.referer', '.referrer'];

/** The value of `x-container-read` or `-write` as Swift keeps it. Throws a Refusal of 400. */
export function cleanAcl(name: string, value: string): string {
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
    .map((item) => cleanItem(name, item))
    .join(',');
}

function cleanItem(name: string, item: string): string {
  const at = item.indexOf(':');
  const word = item.slice(0, Math.max(at, 0)).trim();
  if (!word.startsWith('.')) return item;
  if (!referrerWords.includes(word))
    throw page(400, `Unknown designator '${word}' in ACL: '${item}'`);
  if (name.toLowerCase().includes('write'))
    throw page(400, `Referrers not allowed in write ACL: '${item}'`);
  const said = item.slice(at + 1).trim();
  const isDenied = said.startsWith('-');
  const host = isDenied ? said.slice(1).trim() : said;
  const domain = host.length > 1 && host.startsWith('*') ? host.slice(1).trim() : host;
  if (domain === '' || domain === '.')
    throw page(400, `No host/domain value after referrer designation in ACL: '${item}'`);
  return `.r:${isDenied ? '-' : ''}${domain}`;
}
