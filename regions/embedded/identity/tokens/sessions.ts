import type { Clock } from '../../../../kernel/clock.ts';
import type { Directory } from '../state/directory.ts';
import { list } from '../state/directory.ts';
import type { Role, Settings, User } from '../state/records.ts';
import type { Session } from './session.ts';
import { type Claims, sign, verify } from './signer.ts';

/** Beyond that all are forgotten, and looked up again. */
const mostKept = 10_000;

/** Tokens: issued, looked up, given back. */
export class Sessions {
  readonly #directory: Directory;
  readonly #clock: Clock;
  readonly #kept = new Map<string, Session>();
  #keptVersion = 0;

  constructor(directory: Directory, clock: Clock) {
    this.#directory = directory;
    this.#clock = clock;
  }

  /** Undefined when the claims hold no longer, or never did: a scope without a role, a user disabled. */
  async issue(claims: Omit<Claims, 'era' | 'userEra'>): Promise<Session | undefined> {
    const { key, era } = await this.#settings();
    const userEra = (await this.#directory.passwords.get(claims.userId))?.era ?? 0;
    return this.check(sign({ ...claims, era, userEra }, key));
  }

  async check(token: string): Promise<Session | undefined> {
    const { version } = this.#directory;
    if (version !== this.#keptVersion || this.#kept.size >= mostKept) this.#kept.clear();
    this.#keptVersion = version;
    const session = this.#kept.get(token) ?? (await this.#look(token));
    if (session === undefined || session.expiresAtMs <= this.#clock.now()) return undefined;
    // A change in the meantime may be what ends it: it is looked up again.
    if (version === this.#directory.version && version === this.#keptVersion)
      this.#kept.set(token, session);
    return session;
  }

  async revoke({ claims }: Session): Promise<void> {
    const { revocations } = this.#directory;
    await this.#directory.change(async () => {
      const nowMs = this.#clock.now();
      const old: string[] = [];
      for await (const [id, { expiresAtMs }] of revocations.range())
        if (expiresAtMs <= nowMs) old.push(id);
      const [id = ''] = claims.auditIds;
      const put = revocations.put(id, { expiresAtMs: claims.expiresMs });
      return { writes: [...old.map((one) => revocations.del(one)), put], result: undefined };
    });
  }

  /** Ends every token issued so far. */
  async expireAll(): Promise<void> {
    await this.#directory.change(async () => {
      const settings = await this.#settings();
      const put = this.#directory.settings.put('', { ...settings, era: settings.era + 1 });
      return { writes: [put], result: undefined };
    });
  }

  async #look(token: string): Promise<Session | undefined> {
    const { key, era } = await this.#settings();
    const claims = verify(token, key);
    if (claims?.era !== era) return undefined;
    const { userId, auditIds } = claims;
    const user = await this.#directory.users.get(userId);
    const password = await this.#directory.passwords.get(userId);
    if (user === undefined || !(await this.#isOpen(user)) || password?.era !== claims.userEra)
      return undefined;
    if ((await this.#directory.revocations.get(auditIds[0] ?? '')) !== undefined) return undefined;
    return this.#withScope(token, claims, user);
  }

  async #withScope(token: string, claims: Claims, user: User): Promise<Session | undefined> {
    const { scope } = claims;
    const project =
      scope?.kind === 'projects' ? await this.#directory.projects.get(scope.id) : undefined;
    const domain =
      scope?.kind === 'domains' ? await this.#directory.domains.get(scope.id) : undefined;
    const roles = await this.#roles(claims);
    if (scope !== null) {
      const isOpen = project === undefined ? domain?.enabled === true : await this.#isOpen(project);
      if (!isOpen || roles.length === 0) return undefined;
    }
    return Object.freeze({
      token,
      userId: user.id,
      userName: user.name,
      project: project === undefined ? null : { id: project.id, name: project.name },
      roles: roles.map(({ name }) => name),
      expiresAtMs: claims.expiresMs,
      claims,
      user,
      scopedProject: project,
      scopedDomain: domain,
      scopedRoles: roles,
    });
  }

  /** Of an application credential those that its user still has. */
  async #roles({ userId, scope, credentialId }: Claims): Promise<readonly Role[]> {
    if (scope === null) return [];
    const roles = await this.#directory.rolesOn(userId, scope);
    if (credentialId === null) return roles;
    const credential = await this.#directory.credentials.get(credentialId);
    return roles.filter(({ id }) => credential?.roleIds.includes(id));
  }

  async #isOpen({ enabled, domain_id }: { enabled: boolean; domain_id: string }): Promise<boolean> {
    return enabled && (await this.#directory.domains.get(domain_id))?.enabled === true;
  }

  async #settings(): Promise<Settings> {
    const [settings] = await list(this.#directory.settings);
    if (settings === undefined) throw new Error('the directory was not seeded');
    return settings;
  }
}
