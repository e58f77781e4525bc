import { z } from 'zod';
import { Refusal } from '../../http/refusal.ts';
import { idText, inputOf, nameText } from '../input.ts';
import type { Parts } from '../parts.ts';
import { conflict, forbidden } from '../refusals.ts';
import { type Request, type Route, route } from '../routing.ts';
import { type Directory, find, list } from '../state/directory.ts';
import type { ApplicationCredential, Role } from '../state/records.ts';
import { hashSecret, newId, newSecret } from '../state/secrets.ts';
import { demand } from '../tokens/session.ts';
import { existing, listReply, oneReply, selected } from './collection.ts';

const names = { singular: 'application_credential', plural: 'application_credentials' };
const kind = 'Application Credential';

const creation = z.object({
  name: nameText(255),
  description: z.string().nullish(),
  secret: z.string().min(1).max(4_096).nullish(),
  expires_at: z.iso.datetime({ local: true, offset: false }).nullish(),
  unrestricted: z.boolean().nullish(),
  roles: z.array(z.object({ id: idText.optional(), name: z.string().optional() })).optional(),
});
type Creation = z.infer<typeof creation>;

/** A user's own only: not even an admin makes or removes another's, as in Keystone. */
export function applicationCredentialRoutes(parts: Parts): readonly Route[] {
  const { directory } = parts;
  const { credentials } = directory;
  const own = async (userId: string, id: string): Promise<ApplicationCredential> => {
    const found = await existing({ table: credentials, singular: kind }, id);
    if (found.user_id === userId) return found;
    throw new Refusal(404, `Could not find ${kind}: ${id}.`);
  };
  const all = '/v3/users/*/application_credentials';
  const one = `${all}/*`;
  return [
    route('GET', all, async (request, userId = '') => {
      demand('list_application_credentials', request.session, userId === request.session.userId);
      const mine = await list(credentials, ({ user_id }) => user_id === userId);
      const chosen = selected(mine, ['name'], request);
      const shown = await Promise.all(chosen.map((found) => presented(found, directory)));
      return listReply(names, shown, request);
    }),
    route('POST', all, async (request, userId = '') => {
      demandOwn('create_application_credential', request, userId);
      const input = inputOf(request.document, names.singular, creation);
      const [credential, secret] = await create(input, request, parts);
      const shown = { ...(await presented(credential, directory)), secret };
      return oneReply(names, shown, request, 201);
    }),
    route('GET', one, async (request, userId = '', id = '') => {
      demand('get_application_credential', request.session, userId === request.session.userId);
      return oneReply(names, await presented(await own(userId, id), directory), request);
    }),
    route('DELETE', one, async (request, userId = '', id = '') => {
      const action = 'delete_application_credential';
      demand(action, request.session, userId === request.session.userId);
      demandUnbound(request);
      await directory.change(async () => {
        const { id: found } = await own(userId, id);
        return { writes: [credentials.del(found)], result: undefined };
      });
      return { status: 204 };
    }),
  ];
}

function demandOwn(action: string, request: Request, userId: string): void {
  const { session } = request;
  if (userId !== session.userId || session.project === null) throw forbidden(action);
  demandUnbound(request);
}

/** A credential manages no credentials. */
function demandUnbound({ session }: Request): void {
  if (session.claims.credentialId !== null)
    throw new Refusal(
      403,
      "You are not authorized to perform the requested action: Using method 'application_credential' is not allowed for managing additional application credentials..",
    );
}

async function create(
  input: Creation,
  { session }: Request,
  { directory, ambient }: Parts,
): Promise<readonly [ApplicationCredential, secret: string]> {
  const { clock, random } = ambient;
  const expiresMs = input.expires_at == null ? null : Date.parse(utc(input.expires_at));
  if (expiresMs !== null && expiresMs <= clock.now())
    throw new Refusal(400, "The 'expires_at' must not be before now.");
  const secret = input.secret ?? newSecret(random);
  const credential: ApplicationCredential = {
    id: newId(random),
    name: input.name,
    description: input.description ?? null,
    user_id: session.userId,
    project_id: session.project?.id ?? '',
    expires_at: expiresMs === null ? null : new Date(expiresMs).toISOString().replace('Z', '000'),
    unrestricted: input.unrestricted ?? null,
    roleIds: chosenRoles(input.roles, session.scopedRoles),
    secretHash: await hashSecret(secret, random),
  };
  await directory.change(async () => {
    const other = await find(
      directory.credentials,
      ({ name, user_id }) => name === input.name && user_id === session.userId,
    );
    if (other !== undefined)
      throw conflict('application_credential', `Duplicate entry found with name ${input.name}`);
    return { writes: [directory.credentials.put(credential.id, credential)], result: undefined };
  });
  return [credential, secret];
}

/** Of the roles that its maker has on the project. Throws a Refusal of 400 for any other. */
function chosenRoles(
  asked: Creation['roles'],
  roles: readonly Role[],
): ApplicationCredential['roleIds'] {
  if (asked === undefined) return roles.map(({ id }) => id);
  return asked.map((wanted) => {
    const role = roles.find(({ id, name }) => id === wanted.id || name === wanted.name);
    if (role !== undefined) return role.id;
    throw new Refusal(
      400,
      'Invalid application credential: Cannot create an application credential with unassigned role',
    );
  });
}

/** Keystone's times have no zone and mean UTC. */
function utc(time: string): string {
  return time.endsWith('Z') ? time : `${time}Z`;
}

async function presented(credential: ApplicationCredential, directory: Directory) {
  const { id, name, description, user_id, project_id, expires_at, unrestricted } = credential;
  const fields = { id, name, description, user_id, project_id, expires_at, unrestricted };
  const roles = await Promise.all(credential.roleIds.map((one) => directory.roles.get(one)));
  return { ...fields, system: null, roles: roles.filter((role) => role !== undefined) };
}
