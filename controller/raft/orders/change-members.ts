import type { Ambient } from '../../../kernel/ambient.ts';
import { isoTime } from '../../../kernel/clock.ts';
import { FarshoreError } from '../../../kernel/errors.ts';
import type { SiteAddress } from '../../config/raft-config.ts';
import { formatSiteAddress, peerUrl } from '../../config/site-address.ts';
import { auditOf } from '../../state/audit.ts';
import type { Member } from '../../store/etcd/messages.ts';
import { writeBundle } from '../bundle.ts';
import { clusterKeys } from '../keys.ts';
import type { MemberApi } from '../member-api.ts';
import { issueSite } from '../pki/authority.ts';
import type { RaftSession } from '../session.ts';
import { bundleFile } from './init.ts';

const patienceMs = 15_000;
const pauseMs = 500;

export interface Added {
  readonly site: string;
  readonly bundle: string;
}

/**
 * Adds a site's member as a learner and writes its bundle. It gets its vote from upkeep, once it has
 * caught up. Killed after it was added: there is a member that never starts; doing it again finds it
 * and writes the bundle. Throws `raft.exists` of one that runs.
 */
export async function addMember(
  session: RaftSession,
  {
    site,
    address,
    outDir,
  }: { readonly site: string; readonly address: SiteAddress; readonly outDir: string },
  ambient: Ambient,
  signal: AbortSignal,
): Promise<Added> {
  const { managed, record, pki } = session;
  const leading = await leader(session, 'add member', signal);
  const members = await leading.members(signal);
  const found = memberOf(members, site, address);
  if (found !== undefined && found.name !== '')
    throw new FarshoreError('the site has a member in the cluster', {
      code: 'raft.exists',
      kind: 'permanent',
      operation: 'add member',
      subject: site,
      hint: `where it has lost its disk: farshore raft remove ${site} first`,
    });
  const store = session.store();
  const epoch = (await store.get(clusterKeys.epoch))?.value ?? null;
  if (found === undefined)
    await patiently(() => leading.addLearner(peerUrl(address), signal), ambient, signal);
  const details = { address: formatSiteAddress(address) };
  const action = 'raft.add';
  const reason = 'ordered at the command line';
  await store.transact(
    [],
    [auditOf(ambient, { action, subject: site, reason, details, site: managed.site })],
  );
  const nowMs = ambient.clock.now();
  const bundle = bundleFile(outDir, site);
  await writeBundle(bundle, {
    member: {
      site,
      token: record.token,
      state: 'existing',
      members: Object.fromEntries(
        (await leading.members(signal)).map((member) =>
          nameAndAddress(member, session, { site, address }),
        ),
      ),
      firstSite: record.firstSite,
      createdAt: isoTime(nowMs),
      epoch: epoch === null ? null : { epoch: epoch.epoch, at: epoch.at, site: epoch.site },
      isReady: true,
    },
    pki: await issueSite(pki.authority, { site, host: address.host, nowMs }),
  });
  return { site, bundle };
}

/** Removes a site's member, which ends by itself when it hears of it. Throws `raft.no-member`. */
export async function removeMember(
  session: RaftSession,
  site: string,
  ambient: Ambient,
  signal: AbortSignal,
): Promise<void> {
  const { managed } = session;
  const leading = await leader(session, 'remove member', signal);
  const members = await leading.members(signal);
  const found = memberOf(members, site, managed.home.sites.get(site));
  const refuse = (message: string, hint: string) =>
    new FarshoreError(message, {
      code: 'raft.no-member',
      kind: 'permanent',
      operation: 'remove member',
      subject: site,
      hint,
    });
  if (found === undefined)
    throw refuse(
      'the cluster has no such member',
      `it has ${members.map(({ name, peerUrls }) => name || peerUrls.join()).join(', ')}`,
    );
  if (members.length === 1)
    throw refuse('it is the last member', 'its state would be lost with it');
  const details = { memberId: found.id, peerUrls: found.peerUrls };
  const action = 'raft.remove';
  const reason = 'ordered at the command line';
  await session
    .store()
    .transact(
      [],
      [auditOf(ambient, { action, subject: site, reason, details, site: managed.site })],
    );
  await patiently(() => leading.remove(found.id, signal), ambient, signal);
}

/** etcd changes nothing until all members have been connected for some seconds. */
async function patiently(
  work: () => Promise<void>,
  { clock }: Ambient,
  signal: AbortSignal,
): Promise<void> {
  const untilMs = clock.monotonicMs() + patienceMs;
  for (;;) {
    try {
      await work();
      return;
    } catch (error) {
      const isNotNow = error instanceof FarshoreError && error.code === 'raft.not-now';
      if (!isNotNow || clock.monotonicMs() >= untilMs) throw error;
    }
    await clock.sleep(pauseMs, signal);
  }
}

/** Of the members that the configuration knows. Throws `raft.no-quorum`. */
export async function leader(
  { apis }: RaftSession,
  operation: string,
  signal: AbortSignal,
): Promise<MemberApi> {
  const asked = [...apis.all.values()].map(async (api) => {
    try {
      return { api, ...(await api.status(signal)) };
    } catch (error) {
      if (error instanceof FarshoreError) return null;
      throw error;
    }
  });
  const answers = (await Promise.all(asked)).filter((one) => one !== null);
  // Members that were left behind may have a leader of their own until they are stopped.
  const known = answers.find(({ api }) => api === apis.own)?.leaderId ?? null;
  for (const { api, leaderId, memberId } of answers)
    if (leaderId === memberId && (known === null || known === memberId)) return api;
  throw new FarshoreError('no member leads, as far as can be seen from here', {
    code: 'raft.no-quorum',
    kind: 'transient',
    operation,
    hint: 'see farshore raft status: a majority of the members must run and reach each other',
  });
}

function memberOf(
  members: readonly Member[],
  site: string,
  address: SiteAddress | undefined,
): Member | undefined {
  const url = address === undefined ? undefined : peerUrl(address);
  return members.find(
    ({ name, peerUrls }) => name === site || (url !== undefined && peerUrls.includes(url)),
  );
}

/** etcd starts a new member only when it is told of all members that there are, also of those that never ran. */
function nameAndAddress(
  { name, peerUrls }: Member,
  { managed }: RaftSession,
  added: { readonly site: string; readonly address: SiteAddress },
): readonly [string, string] {
  const known = new Map([...managed.home.sites, [added.site, added.address]]);
  for (const [site, address] of known)
    if (site === name || peerUrls.includes(peerUrl(address)))
      return [site, formatSiteAddress(address)];
  throw new FarshoreError('the cluster has a member that the configuration has not', {
    code: 'raft.other-site',
    kind: 'permanent',
    operation: 'add member',
    subject: name || peerUrls.join(),
    hint: 'write it into raft.sites here, or farshore raft remove it first',
  });
}
