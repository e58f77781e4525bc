/** Records are kept as Keystone's API shows them, without their links. */
export interface Resource {
  readonly id: string;
  readonly name: string;
}

export interface Domain extends Resource {
  readonly enabled: boolean;
  readonly description: string | null;
}

export interface Project extends Resource {
  readonly domain_id: string;
  readonly enabled: boolean;
  readonly description: string | null;
}

/** What else a client sent (an e-mail address) is kept beside these. */
export interface User extends Resource {
  readonly domain_id: string;
  readonly enabled: boolean;
  readonly default_project_id?: string | null;
}

export interface Role extends Resource {
  readonly options: { readonly immutable?: boolean };
}

/** By user id. */
export interface Password {
  /** Null: nobody can log in with one. */
  readonly hash: string | null;
  /** Goes up when the password changes: older tokens are worth nothing. */
  readonly era: number;
}

export interface Scope {
  readonly kind: 'projects' | 'domains';
  readonly id: string;
}

/** A role that a user has somewhere. */
export interface Grant {
  readonly scope: Scope;
  readonly userId: string;
  readonly roleId: string;
}

export interface ApplicationCredential extends Resource {
  readonly description: string | null;
  readonly user_id: string;
  readonly project_id: string;
  readonly expires_at: string | null;
  readonly unrestricted: boolean | null;
  readonly roleIds: readonly string[];
  readonly secretHash: string;
}

export interface Settings {
  /** Signs the tokens; hexadecimal. */
  readonly key: string;
  /** Goes up to end all tokens issued so far. */
  readonly era: number;
}

/** A token that was given back; by its audit id. */
export interface Revocation {
  readonly expiresAtMs: number;
}
