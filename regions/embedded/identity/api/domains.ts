import { z } from 'zod';
import { Refusal } from '../../http/refusal.ts';
import { nameText } from '../input.ts';
import type { Parts } from '../parts.ts';
import { conflict } from '../refusals.ts';
import type { Route } from '../routing.ts';
import { find, list } from '../state/directory.ts';
import type { Domain } from '../state/records.ts';
import { newId } from '../state/secrets.ts';
import { type Managed, managedRoutes } from './managed.ts';
import { projectDependants } from './projects.ts';
import { userDependants } from './users.ts';

const fields = {
  description: z.exactOptional(z.string().nullable()),
  enabled: z.exactOptional(z.boolean()),
};
const creation = z.object({ name: nameText(64), ...fields });
const change = z.object({ name: z.exactOptional(nameText(64)), ...fields });

export function domainRoutes(parts: Parts): readonly Route[] {
  const { directory, ambient } = parts;
  const { domains, projects, users } = directory;
  const managed: Managed<Domain, z.infer<typeof creation>> = {
    singular: 'domain',
    plural: 'domains',
    table: domains,
    filters: ['name', 'enabled'],
    creation,
    change,
    isOwn: ({ id }, { user }) => user.domain_id === id,
    make: ({ name, description = '', enabled = true }) => {
      const rest = { tags: [], options: {} };
      return Promise.resolve({ id: newId(ambient.random), name, description, enabled, ...rest });
    },
    changed: (domain, input) => ({ ...domain, ...input }),
    check: async ({ id, name }) => {
      const other = await find(domains, (one) => one.name === name && one.id !== id);
      if (other !== undefined) throw conflict('domain', `Duplicate entry found with name ${name}`);
    },
    checkRemoval: ({ enabled }) => {
      if (enabled)
        throw new Refusal(403, 'Cannot delete a domain that is enabled, please disable it first.');
    },
    dependants: async ({ id }) => {
      const isInside = ({ domain_id }: { readonly domain_id: string }) => domain_id === id;
      const writes = [];
      for (const project of await list(projects, isInside))
        writes.push(projects.del(project.id), ...(await projectDependants(project, directory)));
      for (const user of await list(users, isInside))
        writes.push(users.del(user.id), ...(await userDependants(user, directory)));
      const grants = await list(directory.grants, ({ scope }) => scope.id === id);
      return [...writes, ...grants.map((grant) => directory.delGrant(grant))];
    },
  };
  return managedRoutes(managed, parts);
}
