import { z } from 'zod';
import { Refusal } from '../../http/refusal.ts';
import { nameText } from '../input.ts';
import type { Parts } from '../parts.ts';
import { conflict } from '../refusals.ts';
import type { Route } from '../routing.ts';
import { find, list } from '../state/directory.ts';
import type { Role } from '../state/records.ts';
import { newId } from '../state/secrets.ts';
import { type Managed, managedRoutes } from './managed.ts';

const description = z.exactOptional(z.string().nullable());
const creation = z.object({ name: nameText(255), description });
const change = z.object({ name: z.exactOptional(nameText(255)), description });

export function roleRoutes(parts: Parts): readonly Route[] {
  const { directory, ambient } = parts;
  const { roles } = directory;
  const stays = (verb: string, { id, options }: Role): void => {
    if (options.immutable === true)
      throw new Refusal(
        403,
        `Unable to ${verb} immutable role resource: \`${id}. Set resource option "immutable" to false first.`,
      );
  };
  const managed: Managed<Role, z.infer<typeof creation>> = {
    singular: 'role',
    plural: 'roles',
    table: roles,
    filters: ['name'],
    creation,
    change,
    make: ({ name, description = null }) => {
      const rest = { domain_id: null, description, options: {} };
      return Promise.resolve({ id: newId(ambient.random), name, ...rest });
    },
    changed: (role, input) => {
      stays('update', role);
      return { ...role, ...input };
    },
    check: async ({ id, name }) => {
      const other = await find(roles, (one) => one.name === name && one.id !== id);
      if (other !== undefined) throw conflict('role', `Duplicate entry found with name ${name}`);
    },
    checkRemoval: (role) => stays('delete', role),
    dependants: async ({ id }) => {
      const grants = await list(directory.grants, ({ roleId }) => roleId === id);
      return grants.map((grant) => directory.delGrant(grant));
    },
  };
  return managedRoutes(managed, parts);
}
