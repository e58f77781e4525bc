/** Where a site's member is reached by the others. */
export interface SiteAddress {
  /** A name or an address, IPv6 without brackets. */
  readonly host: string;
  readonly peerPort: number;
  readonly clientPort: number;
}

/** Members that controllers start themselves, one a site. */
export interface ManagedRaft {
  readonly type: 'managed';
  /** In the order of the file. */
  readonly sites: ReadonlyMap<string, SiteAddress>;
  /** Of the slowest pair of sites. */
  readonly roundTripMs: number;
  /** The etcd to start: a path, or a name on the PATH. */
  readonly binary: string;
  readonly searchPath: string;
}

/** An etcd that others run. */
export interface ExternalRaft {
  readonly type: 'external';
  readonly endpoints: readonly string[];
  /** PEM texts. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  readonly user?: { readonly name: string; readonly password: string };
}

/** Controllers in several regions. Holds keys and passwords: never log it. */
export interface RaftConfig {
  readonly site: string;
  /** The region that the controller runs in; null: none, it is a witness. */
  readonly region: string | null;
  readonly home: ManagedRaft | ExternalRaft;
  readonly snapshots: { readonly everySeconds: number; readonly keep: number };
}
