import { Locks } from '../../store/locks.ts';
import { type Table, Tables, type Write } from '../../store/tables.ts';
import type {
  ApplicationCredential,
  Domain,
  Grant,
  Password,
  Project,
  Revocation,
  Role,
  Scope,
  Settings,
  User,
} from './records.ts';

/** Each role holds what follows it, as Keystone's bootstrap sets it up. */
const chain = ['admin', 'member', 'reader'];

/** All that Keystone remembers. Few records: a search by name reads them all. */
export class Directory {
  readonly domains: Table<Domain>;
  readonly projects: Table<Project>;
  readonly users: Table<User>;
  readonly passwords: Table<Password>;
  readonly roles: Table<Role>;
  readonly grants: Table<Grant>;
  readonly credentials: Table<ApplicationCredential>;
  readonly revocations: Table<Revocation>;
  readonly settings: Table<Settings>;
  readonly #tables: Tables;
  readonly #locks = new Locks();
  /** Goes up with each change: what was derived from an older state is out of date. */
  version = 0;

  private constructor(tables: Tables) {
    this.#tables = tables;
    this.domains = tables.table('domain');
    this.projects = tables.table('project');
    this.users = tables.table('user');
    this.passwords = tables.table('password');
    this.roles = tables.table('role');
    this.grants = tables.table('grant');
    this.credentials = tables.table('application-credential');
    this.revocations = tables.table('revocation');
    this.settings = tables.table('settings');
  }

  static async open(path: string): Promise<Directory> {
    return new Directory(await Tables.open(path));
  }

  /** Changes go one after another: what the work has read still holds when it is committed. */
  change<T>(work: () => Promise<{ writes: readonly Write[]; result: T }>): Promise<T> {
    return this.#locks.run('', async () => {
      const { writes, result } = await work();
      await this.#tables.commit(writes);
      this.version++;
      return result;
    });
  }

  putGrant(grant: Grant): Write {
    return this.grants.put(grantKey(grant), grant);
  }

  delGrant(grant: Grant): Write {
    return this.grants.del(grantKey(grant));
  }

  async hasGrant(grant: Grant): Promise<boolean> {
    return (await this.grants.get(grantKey(grant))) !== undefined;
  }

  /** Those that were given, without what they imply. */
  async rolesGiven(userId: string, scope: Scope): Promise<Role[]> {
    const grants = this.grants.range({
      gte: grantKey({ scope, userId, roleId: '' }),
      lt: grantKey({ scope, userId, roleId: '\x7f' }),
    });
    const roles: Role[] = [];
    for await (const [, { roleId }] of grants) {
      const role = await this.roles.get(roleId);
      if (role !== undefined) roles.push(role);
    }
    return roles;
  }

  async rolesOn(userId: string, scope: Scope): Promise<Role[]> {
    return this.withImplied(await this.rolesGiven(userId, scope));
  }

  async withImplied(roles: readonly Role[]): Promise<Role[]> {
    const highest = chain.findIndex((name) => roles.some((role) => role.name === name));
    if (highest < 0) return [...roles];
    const implied = await list(
      this.roles,
      ({ id, name }) => chain.indexOf(name) > highest && !roles.some((role) => role.id === id),
    );
    return [...roles, ...implied];
  }

  close(): Promise<void> {
    return this.#tables.close();
  }
}

function grantKey({ scope, userId, roleId }: Grant): string {
  return `${scope.kind}/${scope.id}/${userId}/${roleId}`;
}

export async function list<T>(
  table: Table<T>,
  isIt: (record: T) => boolean = () => true,
): Promise<T[]> {
  const found: T[] = [];
  for await (const [, record] of table.range()) if (isIt(record)) found.push(record);
  return found;
}

export async function find<T>(
  table: Table<T>,
  isIt: (record: T) => boolean,
): Promise<T | undefined> {
  for await (const [, record] of table.range()) if (isIt(record)) return record;
  return undefined;
}
