import { isIP } from 'node:net';
import type { ManagedRaft, SiteAddress } from '../../config/raft-config.ts';
import { clientUrl, parseSiteAddress, peerUrl } from '../../config/site-address.ts';
import type { MemberRecord } from '../member-record.ts';
import type { RaftDir } from '../raft-dir.ts';

const mebibyte = 1024 ** 2;

/** Beyond it etcd refuses writes until it was compacted and defragmented: upkeep does that. */
export const quotaBytes = 2048 * mebibyte;
/** Of one transaction: the longest documents, with room. */
const maxRequestBytes = 8 * mebibyte;
/** Of one transaction: all keys of a group at once, when it is deleted. */
const maxTransactionOperations = 1024;

export interface MemberSettings {
  readonly home: ManagedRaft;
  /** Of this site. */
  readonly address: SiteAddress;
  readonly record: MemberRecord;
  readonly dir: RaftDir;
}

/**
 * Heartbeats as long as the slowest round trip, elections ten of them (etcd's tuning guide), and no
 * shorter than is fit for busy machines. An election takes one to two election timeouts.
 */
export function timingsFor(roundTripMs: number): {
  readonly heartbeatMs: number;
  readonly electionMs: number;
} {
  const heartbeatMs = Math.max(100, Math.ceil(roundTripMs));
  return { heartbeatMs, electionMs: 10 * heartbeatMs };
}

/** Flags that etcd has had since 3.4. Those of the cluster's beginning are ignored after it. */
export function memberFlags(settings: MemberSettings): readonly string[] {
  const { home, record, dir, address: own } = settings;
  const { heartbeatMs, electionMs } = timingsFor(home.roundTripMs);
  const flags: Readonly<Record<string, string | number>> = {
    name: record.site,
    'data-dir': dir.data,
    'listen-peer-urls': peerUrl(listening(own)),
    'listen-client-urls': listenClientUrls(own),
    'initial-advertise-peer-urls': peerUrl(own),
    'advertise-client-urls': clientUrl(own),
    'initial-cluster': initialCluster(record),
    'initial-cluster-state': record.state,
    'initial-cluster-token': record.token,
    'heartbeat-interval': heartbeatMs,
    'election-timeout': electionMs,
    // A member that was cut off does not disturb the others when it returns.
    'pre-vote': 'true',
    'strict-reconfig-check': 'true',
    'cert-file': dir.pki.member.cert,
    'key-file': dir.pki.member.key,
    'trusted-ca-file': dir.pki.authority.cert,
    'client-cert-auth': 'true',
    'peer-cert-file': dir.pki.member.cert,
    'peer-key-file': dir.pki.member.key,
    'peer-trusted-ca-file': dir.pki.authority.cert,
    'peer-client-cert-auth': 'true',
    'auto-compaction-mode': 'periodic',
    'auto-compaction-retention': '1h',
    'quota-backend-bytes': quotaBytes,
    'max-request-bytes': maxRequestBytes,
    'max-txn-ops': maxTransactionOperations,
    // Controllers ask often whether a connection still lives.
    'grpc-keepalive-min-time': '1s',
    'snapshot-count': 10_000,
    logger: 'zap',
    'log-outputs': 'stderr',
  };
  return Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
}

function initialCluster({ members }: MemberRecord): string {
  return Object.entries(members)
    .map(([site, text]) => {
      const parsed = parseSiteAddress(text);
      if ('fault' in parsed) throw new Error(`the member record was not checked: ${parsed.fault}`);
      return `${site}=${peerUrl(parsed.address)}`;
    })
    .join(',');
}

/** etcd listens on addresses only; where the others know a name, on all. */
function listening(own: SiteAddress): SiteAddress {
  return isIP(own.host) === 0 ? { ...own, host: '0.0.0.0' } : own;
}

function listenClientUrls(own: SiteAddress): string {
  const outside = listening(own);
  if (outside.host === '0.0.0.0' || isLoopback(own.host)) return clientUrl(outside);
  return `${clientUrl(outside)},${clientUrl({ ...own, host: '127.0.0.1' })}`;
}

export function isLoopback(host: string): boolean {
  return host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
