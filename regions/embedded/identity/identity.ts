import type { Ambient } from '../../../kernel/ambient.ts';
import type { Faults } from '../faults/faults.ts';
import { type Call, header } from '../http/call.ts';
import type { Refusal } from '../http/refusal.ts';
import type { Reply } from '../http/reply.ts';
import type { Service } from '../http/service.ts';
import { applicationCredentialRoutes } from './api/application-credentials.ts';
import { tokenRoutes } from './api/auth-tokens.ts';
import { catalogueRoutes } from './api/catalogue.ts';
import { discoveryRoutes } from './api/discovery.ts';
import { domainRoutes } from './api/domains.ts';
import { grantRoutes } from './api/grants.ts';
import { ownRoutes } from './api/own.ts';
import { projectRoutes } from './api/projects.ts';
import { roleAssignmentRoutes } from './api/role-assignments.ts';
import { roleRoutes } from './api/roles.ts';
import { userRoutes } from './api/users.ts';
import type { Authority, Requester } from './authority.ts';
import { Catalogue } from './catalogue.ts';
import { documentOf } from './input.ts';
import type { Parts } from './parts.ts';
import { noSuchPath, refusalReply, unauthorized } from './refusals.ts';
import { match, type Route } from './routing.ts';
import { Directory } from './state/directory.ts';
import { seed, type SeedIds } from './state/seed.ts';
import { Sessions } from './tokens/sessions.ts';

export interface IdentityDeps {
  readonly directory: string;
  readonly ambient: Ambient;
  readonly faults: Faults;
  /** Of the users `admin` and `demo`, when the directory is new; `secret` unless given. */
  readonly password?: string;
  /** When the directory is new; by chance unless given. */
  readonly ids?: SeedIds;
}

/** Throws what level throws, when another process holds the directory for one. */
export async function openIdentity(deps: IdentityDeps): Promise<Identity> {
  const { ambient, faults, password = 'secret', ids = {} } = deps;
  const directory = await Directory.open(deps.directory);
  await seed(directory, { password, ids }, ambient.random);
  const sessions = new Sessions(directory, ambient.clock);
  return new Identity({ ambient, faults, directory, sessions, catalogue: new Catalogue() });
}

/** Keystone: one for a region, or one for several. */
export class Identity implements Service, Authority {
  readonly catalogue: Catalogue;
  readonly #directory: Directory;
  readonly #sessions: Sessions;
  readonly #routes: readonly Route[];

  constructor(parts: Parts) {
    this.catalogue = parts.catalogue;
    this.#directory = parts.directory;
    this.#sessions = parts.sessions;
    this.#routes = [
      ...discoveryRoutes,
      ...tokenRoutes(parts),
      ...ownRoutes(parts),
      ...projectRoutes(parts),
      ...userRoutes(parts),
      ...roleRoutes(parts),
      ...domainRoutes(parts),
      ...grantRoutes(parts),
      ...roleAssignmentRoutes(parts),
      ...applicationCredentialRoutes(parts),
      ...catalogueRoutes(parts),
    ];
  }

  async handle(call: Call): Promise<Reply> {
    const found = match(this.#routes, call);
    if (found === undefined) return noSuchPath;
    const { route, parts } = found;
    const document = await documentOf(call);
    if ('open' in route) return route.open({ call, document }, ...parts);
    const session = await this.#sessions.check(header(call, 'x-auth-token') ?? '');
    if (session === undefined) throw unauthorized();
    return route.handle({ call, document, session }, ...parts);
  }

  refuse(refusal: Refusal, call: Call): Reply {
    return refusalReply(refusal, call);
  }

  async check(token: string | undefined): Promise<Requester | undefined> {
    return token === undefined ? undefined : this.#sessions.check(token);
  }

  /** No token issued so far opens anything from now on. */
  async expireTokens(): Promise<void> {
    await this.#sessions.expireAll();
  }

  async close(): Promise<void> {
    await this.#directory.close();
  }
}
