import { isIP } from 'node:net';
import type { Clock } from '../../kernel/clock.ts';
import type { SiteAddress } from '../config/raft-config.ts';
import type { TlsOptions } from '../store/etcd/endpoint.ts';
import type { ManagedSite } from './managed.ts';
import { isLoopback } from './member/flags.ts';
import { MemberApi } from './member-api.ts';
import type { SitePki } from './pki/authority.ts';

/** Every configured site's member, by site. */
export class MemberApis {
  readonly all: ReadonlyMap<string, MemberApi>;
  readonly others: ReadonlyMap<string, MemberApi>;
  readonly own: MemberApi;

  constructor(managed: ManagedSite, tls: TlsOptions, clock: Clock) {
    const { site, home } = managed;
    const named = [...home.sites.keys()].map(
      (name) => [name, new MemberApi(endpointOf(managed, name), tls, clock)] as const,
    );
    this.all = new Map(named);
    this.others = new Map(named.filter(([name]) => name !== site));
    const own = this.all.get(site);
    if (own === undefined) throw new Error(`the configuration has no site ${site}`);
    this.own = own;
  }

  close(): void {
    for (const api of this.all.values()) api.close();
  }
}

/** `host:port` at which the controller of this site reaches a site's member: its own on loopback. */
export function endpointOf({ site, home }: ManagedSite, name: string): string {
  const address = home.sites.get(name);
  if (address === undefined) throw new Error(`the configuration has no site ${name}`);
  return name === site && !isLoopback(address.host)
    ? hostPort({ ...address, host: '127.0.0.1' })
    : hostPort(address);
}

function hostPort({ host, clientPort }: SiteAddress): string {
  return isIP(host) === 6 ? `[${host}]:${clientPort}` : `${host}:${clientPort}`;
}

export function tlsOf({ authority, client }: SitePki): TlsOptions {
  return { ca: authority.cert, cert: client.cert, key: client.key };
}
