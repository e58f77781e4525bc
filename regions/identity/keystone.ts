import { z } from 'zod';
import type { Clock } from '../../kernel/clock.ts';
import { FarshoreError } from '../../kernel/errors.ts';
import type { Caller, Target, Tokens } from '../http/caller.ts';
import { hasStatus, RequestError } from '../http/request-error.ts';
import type { JsonResponse } from '../http/service-client.ts';
import type { CloudConfig, ProjectRef } from './cloud-config.ts';
import { type IssuedToken, parseToken } from './token.ts';

const tokenTimeoutMs = 20_000;
const service = 'identity';

const projectDocument = z.object({ id: z.string(), name: z.string(), domain_id: z.string() });
const projectList = z.object({ projects: z.array(projectDocument) });
export type Project = z.infer<typeof projectDocument>;

/** Calls to Keystone's API v3. */
export class Keystone {
  readonly #caller: Caller;
  readonly #cloud: CloudConfig;
  readonly #clock: Clock;

  constructor(caller: Caller, cloud: CloudConfig, clock: Clock) {
    this.#caller = caller;
    this.#cloud = cloud;
    this.#clock = clock;
  }

  /**
   * A token for the configured project or, with a password, for another one. Throws
   * `identity.credentials-refused`; Keystone says no more, lest it tell a stranger what exists.
   */
  async issueToken(scope?: ProjectRef, signal?: AbortSignal): Promise<IssuedToken> {
    const response = await this.#ask(scope, signal);
    const token = parseToken(
      response.headers['x-subject-token'],
      response.body,
      this.#clock.monotonicMs(),
    );
    if (token !== undefined) return token;
    throw new FarshoreError('Keystone answered with what is not a token for a project', {
      code: 'region.answer-malformed',
      kind: 'permanent',
      operation: 'get token from',
      subject: this.#cloud.authUrl,
      hint: `check auth_url and the project of cloud '${this.#cloud.name}'`,
    });
  }

  /** The projects that the user has any role on. */
  async myProjects(tokens: Tokens, signal?: AbortSignal): Promise<readonly Project[]> {
    const response = await this.#caller.json(this.#target(tokens), {
      method: 'GET',
      path: '/auth/projects',
      operation: 'list the projects of user',
      ok: [200],
      signal,
    });
    return this.#projectsOf(response);
  }

  /** Whether a project of that name or id exists at all; undefined when the user may not ask. */
  async exists(
    nameOrId: string,
    tokens: Tokens,
    signal?: AbortSignal,
  ): Promise<boolean | undefined> {
    const target = this.#target(tokens);
    const common = { method: 'GET', operation: 'find project', subject: nameOrId, signal } as const;
    try {
      const path = `/projects/${encodeURIComponent(nameOrId)}`;
      const byId = await this.#caller.json(target, { ...common, path, ok: [200, 404] });
      if (byId.status === 200) return true;
      const query = { name: nameOrId };
      const byName = await this.#caller.json(target, {
        ...common,
        path: '/projects',
        query,
        ok: [200],
      });
      return this.#projectsOf(byName).length > 0;
    } catch (error) {
      if (hasStatus(error, 403)) return undefined;
      throw error;
    }
  }

  /** Asks Keystone to check the token itself: one request that reaches its database. */
  async probe(tokens: Tokens, signal?: AbortSignal): Promise<void> {
    await this.#caller.json(this.#target(tokens), {
      method: 'GET',
      path: '/auth/tokens',
      query: { nocatalog: true },
      headers: { 'x-subject-token': await tokens.token(signal) },
      operation: 'probe identity of region',
      ok: [200],
      signal,
    });
  }

  async #ask(scope: ProjectRef | undefined, signal?: AbortSignal): Promise<JsonResponse> {
    try {
      return await this.#caller.json(this.#target(), {
        method: 'POST',
        path: '/auth/tokens',
        json: { auth: authDocument(this.#cloud, scope) },
        operation: 'get token from',
        subject: this.#cloud.authUrl,
        ok: [201],
        repeatable: true,
        timeoutMs: tokenTimeoutMs,
        signal,
      });
    } catch (error) {
      if (hasStatus(error, 401)) throw this.#refused(error);
      throw error;
    }
  }

  #refused(cause: unknown): FarshoreError {
    const { name, authUrl, credentials } = this.#cloud;
    const what =
      credentials.kind === 'password'
        ? 'user, password, project and their domains'
        : 'id and secret of the application credential, and that it has not expired,';
    return new FarshoreError('Keystone refused the credentials (401)', {
      code: 'identity.credentials-refused',
      kind: 'permanent',
      operation: 'get token from',
      subject: authUrl,
      hint: `check ${what} of cloud '${name}'`,
      cause,
    });
  }

  #target(tokens?: Tokens): Target {
    const endpoint = () => Promise.resolve(this.#cloud.authUrl);
    return { service, endpoint, ...(tokens === undefined ? {} : { tokens }) };
  }

  #projectsOf({ status, body }: JsonResponse): readonly Project[] {
    const parsed = projectList.safeParse(body);
    if (parsed.success) return parsed.data.projects;
    throw new RequestError('identity answered with what is not a list of projects', {
      code: 'region.answer-malformed',
      kind: 'permanent',
      operation: 'list projects',
      region: this.#cloud.name,
      service,
      method: 'GET',
      url: this.#cloud.authUrl,
      status,
      hint: `check auth_url of cloud '${this.#cloud.name}'`,
    });
  }
}

/** https://docs.openstack.org/api-ref/identity/v3/#authentication-and-token-management */
function authDocument(cloud: CloudConfig, scope: ProjectRef | undefined): object {
  const { credentials } = cloud;
  if (credentials.kind === 'application-credential') {
    const { credential, secret } = credentials;
    const application_credential = { ...credential, secret };
    return { identity: { methods: ['application_credential'], application_credential } };
  }
  const user = { ...credentials.user, password: credentials.password };
  return {
    identity: { methods: ['password'], password: { user } },
    scope: { project: scope ?? credentials.project },
  };
}
