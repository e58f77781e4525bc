/** A Keystone domain, project or user by its id, or by a name that means something only within a domain. */
export type DomainRef = { readonly id: string } | { readonly name: string };
export type ProjectRef =
  { readonly id: string } | { readonly name: string; readonly domain: DomainRef };
export type UserRef =
  { readonly id: string } | { readonly name: string; readonly domain: DomainRef };

export type Credentials =
  | {
      readonly kind: 'password';
      readonly user: UserRef;
      readonly password: string;
      readonly project: ProjectRef;
    }
  | {
      /** Bound to one project when it was made: no scope can be asked for. */
      readonly kind: 'application-credential';
      readonly credential: { readonly id: string } | { readonly name: string; user: UserRef };
      readonly secret: string;
    };

export type EndpointInterface = 'public' | 'internal' | 'admin';

/** How to trust and be trusted; PEM texts, already read from their files. */
export interface TlsConfig {
  /** False only where the operator wrote `verify: false`. */
  readonly verify: boolean;
  /** A private authority's certificates; the system's own unless given. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** One entry of clouds.yaml with its secrets, checked. Frozen. Never log it: it holds the password. */
export interface CloudConfig {
  readonly name: string;
  /** Ends in `/v3`, no trailing slash. */
  readonly authUrl: string;
  readonly credentials: Credentials;
  readonly regionName?: string;
  readonly endpointInterface: EndpointInterface;
  readonly tls: TlsConfig;
}
