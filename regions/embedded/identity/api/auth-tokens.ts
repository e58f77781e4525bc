import { header } from '../../http/call.ts';
import { Refusal } from '../../http/refusal.ts';
import { jsonReply, type Reply } from '../../http/reply.ts';
import { checked } from '../input.ts';
import type { Parts } from '../parts.ts';
import { malformed, unauthorized } from '../refusals.ts';
import { type OpenRequest, openRoute, type Request, type Route, route } from '../routing.ts';
import { newId } from '../state/secrets.ts';
import { authInput, Authenticator, type AuthInput } from '../tokens/authenticate.ts';
import { tokenDocument } from '../tokens/document.ts';
import { scopeOf } from '../tokens/scope.ts';
import { demand, type Session } from '../tokens/session.ts';

export function tokenRoutes(parts: Parts): readonly Route[] {
  const { directory, sessions, ambient } = parts;
  const authenticator = new Authenticator({ directory, sessions, clock: ambient.clock });

  /** The token that the request is about, and not the one that lets it in. */
  const subject = async ({ call, session }: Request, action: string): Promise<Session> => {
    const token = header(call, 'x-subject-token');
    if (token === undefined) throw new Refusal(404, 'No token in the request');
    const found = await sessions.check(token);
    if (found === undefined) throw new Refusal(404, 'Could not recognize Fernet token');
    demand(action, session, found.userId === session.userId);
    return found;
  };
  const describe = async (status: number, session: Session, request: OpenRequest) => {
    const { origin, query } = request.call;
    const { catalogue } = parts;
    const document = await tokenDocument(
      session,
      directory,
      query.has('nocatalog')
        ? undefined
        : { of: (projectId, from) => catalogue.of(projectId, from), origin },
    );
    return jsonReply(status, document, {
      'x-subject-token': session.token,
      vary: 'X-Auth-Token',
    });
  };

  return [
    openRoute('POST', '/v3/auth/tokens', async (request): Promise<Reply> => {
      const { auth } = request.document as { readonly auth?: unknown };
      if (auth === undefined) throw malformed('auth', 'request body');
      const session = await issue(checked(auth, authInput), authenticator, parts);
      return describe(201, session, request);
    }),
    route('GET', '/v3/auth/tokens', async (request) =>
      describe(200, await subject(request, 'validate_token'), request),
    ),
    route('DELETE', '/v3/auth/tokens', async (request) => {
      await sessions.revoke(await subject(request, 'revoke_token'));
      return { status: 204 };
    }),
  ];
}

async function issue(
  input: AuthInput,
  authenticator: Authenticator,
  { directory, sessions, ambient, faults }: Parts,
): Promise<Session> {
  const proof = await authenticator.prove(input);
  const { user, credential, session: parent } = proof;
  const issuedMs = ambient.clock.now();
  const latestMs = parent?.claims.expiresMs ?? credentialEndMs(credential?.expires_at ?? null);
  const auditId = Buffer.from(newId(ambient.random), 'hex').toString('base64url');
  const session = await sessions.issue({
    userId: user.id,
    methods: [...new Set([...input.identity.methods, ...(parent?.claims.methods ?? [])])],
    scope: await scopeOf(proof, input.scope, directory),
    issuedMs,
    expiresMs:
      parent === undefined
        ? Math.min(latestMs, issuedMs + faults.conditions.tokenLifetimeSeconds * 1_000)
        : latestMs,
    auditIds: [auditId, ...(parent?.claims.auditIds.slice(-1) ?? [])],
    credentialId: credential?.id ?? null,
  });
  if (session === undefined) throw unauthorized();
  return session;
}

function credentialEndMs(expiresAt: string | null): number {
  return expiresAt === null ? Infinity : Date.parse(`${expiresAt}Z`);
}
