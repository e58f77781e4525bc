/** Whom a token stands for. */
export interface Requester {
  readonly token: string;
  readonly userId: string;
  readonly userName: string;
  /** Null for an unscoped token, which opens nothing but Keystone. */
  readonly project: { readonly id: string; readonly name: string } | null;
  readonly roles: readonly string[];
  readonly expiresAtMs: number;
}

/** What the other services ask Keystone for. */
export interface Authority {
  /** Undefined for no token, one that is none of ours, expired or revoked: the service answers 401. */
  check(token: string | undefined): Promise<Requester | undefined>;
}

export function isAdmin(requester: Requester): boolean {
  return requester.roles.includes('admin');
}
