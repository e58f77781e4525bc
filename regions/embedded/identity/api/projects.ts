import { z } from 'zod';
import { Refusal } from '../../http/refusal.ts';
import type { Write } from '../../store/tables.ts';
import { idText, nameText } from '../input.ts';
import type { Parts } from '../parts.ts';
import { conflict } from '../refusals.ts';
import type { Route } from '../routing.ts';
import { type Directory, find, list } from '../state/directory.ts';
import type { Project } from '../state/records.ts';
import { newId } from '../state/secrets.ts';
import { type Managed, managedRoutes, sameDomain } from './managed.ts';

const fields = {
  domain_id: z.exactOptional(idText.nullable()),
  parent_id: z.exactOptional(idText.nullable()),
  description: z.exactOptional(z.string().nullable()),
  enabled: z.exactOptional(z.boolean()),
  tags: z.exactOptional(z.array(z.string().max(255))),
  options: z.exactOptional(z.record(z.string(), z.unknown())),
};
const creation = z.looseObject({ name: nameText(64), ...fields });
const change = z.looseObject({ name: z.exactOptional(nameText(64)), ...fields });

export function projectRoutes(parts: Parts): readonly Route[] {
  const { directory, ambient } = parts;
  const { projects, domains } = directory;
  const managed: Managed<Project, z.infer<typeof creation>> = {
    singular: 'project',
    plural: 'projects',
    table: projects,
    filters: ['name', 'domain_id', 'enabled', 'parent_id', 'is_domain'],
    creation,
    change,
    isOwn: ({ id }, { project }) => project?.id === id,
    make: (input, { user }) => {
      const domainId = input.domain_id ?? user.domain_id;
      const defaults = { description: '', enabled: true, tags: [], options: {} };
      const parent = { parent_id: input.parent_id ?? domainId, is_domain: false };
      const fixed = { id: newId(ambient.random), domain_id: domainId };
      return Promise.resolve({ ...defaults, ...input, ...parent, ...fixed });
    },
    changed: (project, input) => {
      sameDomain(project, input);
      return { ...project, ...input, id: project.id, domain_id: project.domain_id };
    },
    check: async ({ id, name, domain_id }) => {
      if ((await domains.get(domain_id)) === undefined)
        throw new Refusal(400, `Could not find domain: ${domain_id}.`);
      const other = await find(
        projects,
        (one) => one.name === name && one.domain_id === domain_id && one.id !== id,
      );
      if (other !== undefined)
        throw conflict(
          'project',
          `it is not permitted to have two projects with either the same name or same id in the same domain: name is ${name}, project id ${id}`,
        );
    },
    dependants: (project) => projectDependants(project, directory),
  };
  return managedRoutes(managed, parts);
}

/** The roles on it, and the application credentials for it. */
export async function projectDependants(
  { id }: Project,
  directory: Directory,
): Promise<readonly Write[]> {
  const grants = await list(directory.grants, ({ scope }) => scope.id === id);
  const credentials = await list(directory.credentials, ({ project_id }) => project_id === id);
  return [
    ...grants.map((grant) => directory.delGrant(grant)),
    ...credentials.map((credential) => directory.credentials.del(credential.id)),
  ];
}
