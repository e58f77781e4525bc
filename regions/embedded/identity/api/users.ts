import { z } from 'zod';
import { Refusal } from '../../http/refusal.ts';
import type { Write } from '../../store/tables.ts';
import { idText, inputOf, nameText } from '../input.ts';
import type { Parts } from '../parts.ts';
import { conflict, unauthorized } from '../refusals.ts';
import { type Route, route } from '../routing.ts';
import { type Directory, find, list } from '../state/directory.ts';
import type { User } from '../state/records.ts';
import { hashSecret, isSecret, newId } from '../state/secrets.ts';
import { type Managed, managedRoutes, sameDomain } from './managed.ts';

const passwordText = z.string().max(4_096);

const fields = {
  password: z.exactOptional(passwordText.nullable()),
  domain_id: z.exactOptional(idText.nullable()),
  default_project_id: z.exactOptional(idText.nullable()),
  description: z.exactOptional(z.string().nullable()),
  enabled: z.exactOptional(z.boolean()),
  options: z.exactOptional(z.record(z.string(), z.unknown())),
};
const creation = z.looseObject({ name: nameText(255), ...fields });
const change = z.looseObject({ name: z.exactOptional(nameText(255)), ...fields });

const passwordChange = z.object({ password: passwordText, original_password: passwordText });

export function userRoutes(parts: Parts): readonly Route[] {
  const { directory, ambient } = parts;
  const { users, domains, passwords } = directory;
  const newPassword = async (id: string, password: string | null): Promise<Write> => {
    const era = ((await passwords.get(id))?.era ?? -1) + 1;
    const hash = password === null ? null : await hashSecret(password, ambient.random);
    return passwords.put(id, { hash, era });
  };
  const managed: Managed<User, z.infer<typeof creation>> = {
    singular: 'user',
    plural: 'users',
    table: users,
    filters: ['name', 'domain_id', 'enabled'],
    creation,
    change,
    isOwn: ({ id }, { userId }) => id === userId,
    make: (input, { user }) => {
      const domain_id = input.domain_id ?? user.domain_id;
      const fixed = { id: newId(ambient.random), domain_id, password_expires_at: null };
      const defaults = { enabled: true, options: {} };
      return Promise.resolve({ ...defaults, ...withoutPassword(input), ...fixed });
    },
    changed: (user, input) => {
      sameDomain(user, input);
      return { ...user, ...withoutPassword(input), id: user.id, domain_id: user.domain_id };
    },
    check: async ({ id, name, domain_id }) => {
      if ((await domains.get(domain_id)) === undefined)
        throw new Refusal(400, `Could not find domain: ${domain_id}.`);
      const other = await find(
        users,
        (one) => one.name === name && one.domain_id === domain_id && one.id !== id,
      );
      if (other !== undefined)
        throw conflict('user', `Duplicate entry found with name ${name} at domain ID ${domain_id}`);
    },
    alongside: async ({ id }, { password }) => {
      if (password === undefined && (await passwords.get(id)) !== undefined) return [];
      return [await newPassword(id, password ?? null)];
    },
    dependants: (user) => userDependants(user, directory),
  };
  return [
    ...managedRoutes(managed, parts),
    route('POST', '/v3/users/*/password', async ({ document }, id = '') => {
      const input = inputOf(document, 'user', passwordChange);
      await directory.change(async () => {
        const hash = (await passwords.get(id))?.hash;
        if (!hash || !(await isSecret(input.original_password, hash))) throw unauthorized();
        return { writes: [await newPassword(id, input.password)], result: undefined };
      });
      return { status: 204 };
    }),
  ];
}

/** What a client sent of it is seen by nobody again. */
function withoutPassword<T extends { password?: unknown }>(input: T): T {
  const rest = { ...input };
  delete rest.password;
  return rest;
}

/** Password, roles and application credentials. */
export async function userDependants(
  { id }: User,
  directory: Directory,
): Promise<readonly Write[]> {
  const grants = await list(directory.grants, ({ userId }) => userId === id);
  const credentials = await list(directory.credentials, ({ user_id }) => user_id === id);
  return [
    directory.passwords.del(id),
    ...grants.map((grant) => directory.delGrant(grant)),
    ...credentials.map((credential) => directory.credentials.del(credential.id)),
  ];
}
