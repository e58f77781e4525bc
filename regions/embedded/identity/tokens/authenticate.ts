import { z } from 'zod';
import type { Clock } from '../../../../kernel/clock.ts';
import { Refusal } from '../../http/refusal.ts';
import { malformed, notFound, unauthorized } from '../refusals.ts';
import { type Directory, find } from '../state/directory.ts';
import type { ApplicationCredential, User } from '../state/records.ts';
import { isSecret } from '../state/secrets.ts';
import type { Session } from './session.ts';
import type { Sessions } from './sessions.ts';

const reference = z.looseObject({
  id: z.string().optional(),
  name: z.string().optional(),
});
export type Reference = z.infer<typeof reference>;
const inDomain = reference.extend({ domain: reference.optional() });
export type ReferenceInDomain = z.infer<typeof inDomain>;

/** https://docs.openstack.org/api-ref/identity/v3/#authentication-and-token-management */
export const authInput = z.looseObject({
  identity: z.looseObject({
    methods: z.array(z.string()),
    password: z
      .looseObject({ user: inDomain.extend({ password: z.string().optional() }).optional() })
      .optional(),
    token: z.looseObject({ id: z.string() }).optional(),
    application_credential: reference
      .extend({ user: inDomain.optional(), secret: z.string().optional() })
      .optional(),
  }),
  scope: z
    .union([
      z.string(),
      z.looseObject({ project: inDomain.optional(), domain: reference.optional() }),
    ])
    .optional(),
});
export type AuthInput = z.infer<typeof authInput>;

/** Who it is, by what proof. */
export interface Proof {
  readonly user: User;
  readonly credential?: ApplicationCredential;
  /** The token that proved it. */
  readonly session?: Session;
}

export interface AuthenticatorDeps {
  readonly directory: Directory;
  readonly sessions: Sessions;
  readonly clock: Clock;
}

/** Tells who a client is; every failure is a Refusal, mostly a 401 that says nothing. */
export class Authenticator {
  readonly #directory: Directory;
  readonly #sessions: Sessions;
  readonly #clock: Clock;

  constructor({ directory, sessions, clock }: AuthenticatorDeps) {
    this.#directory = directory;
    this.#sessions = sessions;
    this.#clock = clock;
  }

  /** Several methods must all prove the same user. */
  async prove({ identity }: AuthInput): Promise<Proof> {
    const proofs: Proof[] = [];
    for (const method of new Set(identity.methods)) {
      if (identity[method] === undefined) throw malformed(method, 'identity');
      proofs.push(await this.#proof(method, identity));
    }
    const [first] = proofs;
    if (first === undefined || proofs.some(({ user }) => user.id !== first.user.id))
      throw unauthorized();
    return Object.assign({}, ...proofs) as Proof;
  }

  #proof(method: string, identity: AuthInput['identity']): Promise<Proof> {
    switch (method) {
      case 'password':
        return this.#byPassword(identity.password?.user);
      case 'token':
        return this.#byToken(identity.token?.id ?? '');
      case 'application_credential':
        return this.#byCredential(identity.application_credential ?? {});
      default:
        throw new Refusal(401, 'Attempted to authenticate with an unsupported method.');
    }
  }

  async #byPassword(
    given: AuthInput['identity']['password'] extends infer P
      ? P extends { user?: infer U }
        ? U
        : never
      : never,
  ): Promise<Proof> {
    if (given === undefined) throw malformed('user', 'password');
    const user = await this.#user(given);
    const hash = user && (await this.#directory.passwords.get(user.id))?.hash;
    if (!user?.enabled || !hash || given.password === undefined) throw unauthorized();
    if (!(await isSecret(given.password, hash))) throw unauthorized();
    return { user };
  }

  async #byToken(token: string): Promise<Proof> {
    const session = await this.#sessions.check(token);
    if (session === undefined) throw new Refusal(404, 'Could not recognize Fernet token');
    if (session.claims.credentialId !== null) throw unauthorized();
    return { user: session.user, session };
  }

  async #byCredential(
    given: NonNullable<AuthInput['identity']['application_credential']>,
  ): Promise<Proof> {
    const credential = await this.#credential(given);
    const user = await this.#directory.users.get(credential.user_id);
    const { expires_at } = credential;
    const isOver = expires_at !== null && Date.parse(`${expires_at}Z`) <= this.#clock.now();
    if (!user?.enabled || isOver || given.secret === undefined) throw unauthorized();
    if (!(await isSecret(given.secret, credential.secretHash))) throw unauthorized();
    return { user, credential };
  }

  async #credential(given: {
    readonly id?: string | undefined;
    readonly name?: string | undefined;
    readonly user?: ReferenceInDomain | undefined;
  }): Promise<ApplicationCredential> {
    const { credentials } = this.#directory;
    if (given.id !== undefined) {
      const credential = await credentials.get(given.id);
      if (credential === undefined) throw notFound('Application Credential', given.id);
      return credential;
    }
    if (given.name === undefined) throw malformed('name', 'application credential');
    if (given.user === undefined) throw malformed('user', 'application credential');
    const user = await this.#user(given.user);
    const credential = await find(
      credentials,
      ({ name, user_id }) => name === given.name && user_id === user?.id,
    );
    if (credential === undefined) throw unauthorized();
    return credential;
  }

  async #user(given: ReferenceInDomain): Promise<User | undefined> {
    if (given.id !== undefined) return this.#directory.users.get(given.id);
    if (given.name === undefined) throw malformed('name', 'user');
    if (given.domain === undefined) throw malformed('domain', 'user');
    const domainId = await domainOf(given.domain, this.#directory);
    return find(
      this.#directory.users,
      ({ name, domain_id }) => name === given.name && domain_id === domainId,
    );
  }
}

/** The domain's id; undefined when there is none of that name. */
export async function domainOf(
  given: Reference,
  directory: Directory,
): Promise<string | undefined> {
  if (given.id !== undefined) return given.id;
  if (given.name === undefined) throw malformed('name', 'domain');
  return (await find(directory.domains, ({ name }) => name === given.name))?.id;
}
