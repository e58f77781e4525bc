import type { Random } from '../../../../kernel/random.ts';
import type { Write } from '../../store/tables.ts';
import type { Directory } from './directory.ts';
import { hashSecret, newId } from './secrets.ts';

/** Given to two regions, a project is the same in both. */
export interface SeedIds {
  readonly adminProject?: string;
  readonly demoProject?: string;
  readonly adminUser?: string;
  readonly demoUser?: string;
}

export interface Seed {
  /** Of both users. */
  readonly password: string;
  readonly ids: SeedIds;
}

const domain_id = 'default';

/** A new directory's first records, in one commit; nothing when they are there. */
export async function seed(directory: Directory, { password, ids }: Seed, random: Random) {
  await directory.change(async () => {
    if ((await directory.settings.get('')) !== undefined) return { writes: [], result: undefined };
    const { adminProject = newId(random), demoProject = newId(random) } = ids;
    const { adminUser = newId(random), demoUser = newId(random) } = ids;
    const [admin, member, reader] = [newId(random), newId(random), newId(random)];
    const project = (id: string, name: string, description: string): Write => {
      const rest = { enabled: true, parent_id: domain_id, is_domain: false, tags: [], options: {} };
      return directory.projects.put(id, Object.assign({ id, name, domain_id, description }, rest));
    };
    const user = (id: string, name: string): Write => {
      const rest = { enabled: true, password_expires_at: null, options: {} };
      return directory.users.put(id, Object.assign({ id, name, domain_id }, rest));
    };
    const role = (id: string, name: string): Write => {
      const rest = { domain_id: null, description: null, options: { immutable: true } };
      return directory.roles.put(id, Object.assign({ id, name }, rest));
    };
    const grant = (userId: string, projectId: string, roleId: string) =>
      directory.putGrant({ scope: { kind: 'projects', id: projectId }, userId, roleId });
    const hash = await hashSecret(password, random);
    const description = 'The default domain';
    const domain = { id: domain_id, name: 'Default', description, enabled: true };
    const writes = [
      directory.domains.put(domain_id, Object.assign(domain, { tags: [], options: {} })),
      project(adminProject, 'admin', 'Bootstrap project for initializing the cloud.'),
      project(demoProject, 'demo', ''),
      user(adminUser, 'admin'),
      user(demoUser, 'demo'),
      directory.passwords.put(adminUser, { hash, era: 0 }),
      directory.passwords.put(demoUser, { hash, era: 0 }),
      role(admin, 'admin'),
      role(member, 'member'),
      role(reader, 'reader'),
      grant(adminUser, adminProject, admin),
      grant(adminUser, demoProject, admin),
      grant(demoUser, demoProject, member),
      directory.settings.put('', { key: newId(random) + newId(random), era: 0 }),
    ];
    return { writes, result: undefined };
  });
}
