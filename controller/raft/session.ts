import type { Ambient } from '../../kernel/ambient.ts';
import { EtcdStore } from '../store/etcd/etcd-store.ts';
import type { ManagedSite } from './managed.ts';
import { MemberApis, endpointOf, tlsOf } from './member-apis.ts';
import { statePrefix } from './member-api.ts';
import type { MemberRecord } from './member-record.ts';
import type { SitePki } from './pki/authority.ts';
import { readPki } from './pki/files.ts';
import { memberRecord } from './require-member.ts';

/** For an order at the command line: the members as they run, started by whomever. */
export interface RaftSession {
  readonly managed: ManagedSite;
  readonly record: MemberRecord;
  readonly pki: SitePki;
  readonly apis: MemberApis;
  /** Opened when it is first asked for. */
  store(): EtcdStore;
  close(): Promise<void>;
}

/** Throws `raft.no-member` and what its files can give. Connects to nobody yet. */
export async function openSession(managed: ManagedSite, ambient: Ambient): Promise<RaftSession> {
  const record = await memberRecord(managed);
  const pki = await readPki(managed.dir);
  const apis = new MemberApis(managed, tlsOf(pki), ambient.clock);
  let store: EtcdStore | undefined;
  return {
    managed,
    record,
    pki,
    apis,
    store: () => (store ??= openStore(managed, pki, [...managed.home.sites.keys()], ambient)),
    close: async () => {
      await store?.close();
      apis.close();
    },
  };
}

/** Over the members of those sites, this one's first. */
export function openStore(
  managed: ManagedSite,
  pki: SitePki,
  sites: readonly string[],
  ambient: Ambient,
): EtcdStore {
  return EtcdStore.open({
    endpoints: sites.map((site) => endpointOf(managed, site)),
    nearest: endpointOf(managed, managed.site),
    tls: tlsOf(pki),
    prefix: statePrefix,
    ambient,
  });
}
