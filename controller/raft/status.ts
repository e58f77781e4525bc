import type { Ambient } from '../../kernel/ambient.ts';
import { isoTime } from '../../kernel/clock.ts';
import { describeError, FarshoreError } from '../../kernel/errors.ts';
import { clientUrl, peerUrl } from '../config/site-address.ts';
import type { Member } from '../store/etcd/messages.ts';
import { clusterKeys, type ClusterEpoch } from './keys.ts';
import type { MemberAlarm, MemberApi, MemberStatus } from './member-api.ts';
import { servedCertificateEnd } from './pki/served.ts';
import type { RaftSession } from './session.ts';

export interface SiteStatus {
  readonly site: string;
  readonly endpoint: string;
  /** Null: it answers. */
  readonly fault: string | null;
  /** As the cluster's members say; `unknown` where none of them answers. */
  readonly role: 'leader' | 'follower' | 'learner' | 'not a member' | 'unknown';
  readonly version: string | null;
  readonly term: number | null;
  readonly raftIndex: number | null;
  /** Entries that it has not applied, of those that the farthest member has. */
  readonly lag: number | null;
  readonly dbBytes: number | null;
  readonly dbBytesInUse: number | null;
  readonly alarms: readonly string[];
  readonly certificateEnds: string | null;
}

export interface RaftStatus {
  readonly hasQuorum: boolean;
  /** Null: quorum was never forced, or nobody answers. */
  readonly epoch: ClusterEpoch | null;
  readonly sites: readonly SiteStatus[];
  /** Members that the configuration does not have. */
  readonly strangers: readonly string[];
}

interface Answer {
  readonly site: string;
  readonly api: MemberApi;
  readonly status: MemberStatus | null;
  readonly fault: string | null;
}

/** Asks every configured site's member by itself. Changes nothing. */
export async function raftStatus(
  { managed, apis, pki }: RaftSession,
  ambient: Ambient,
  signal: AbortSignal,
): Promise<RaftStatus> {
  const answers = await Promise.all([...apis.all].map(([site, api]) => ask(site, api, signal)));
  const speaker = (
    answers.find(({ status }) => status?.leaderId === status?.memberId && status !== null) ??
    answers.find(({ status }) => status !== null && !status.isLearner)
  )?.api;
  const members = speaker === undefined ? null : await orNull(speaker.members(signal));
  const alarms = speaker === undefined ? [] : ((await orNull(speaker.alarms(signal))) ?? []);
  const epoch =
    speaker === undefined
      ? null
      : ((await orNull(speaker.local(clusterKeys.epoch, signal)))?.value ?? null);
  const farthest = Math.max(0, ...answers.map(({ status }) => status?.raftIndex ?? 0));
  const sites = answers.map(async (answer): Promise<SiteStatus> => {
    const address = managed.home.sites.get(answer.site);
    if (address === undefined) throw new Error(`no site ${answer.site}`);
    const member = members?.find(
      ({ name, peerUrls }) => name === answer.site || peerUrls.includes(peerUrl(address)),
    );
    const end =
      answer.status === null
        ? null
        : await servedCertificateEnd(answer.api.address, pki, ambient.clock, signal);
    return siteStatus(answer, {
      endpoint: clientUrl(address),
      member: members === null ? null : (member ?? 'none'),
      alarms,
      farthest,
      certificateEnds: end === null ? null : isoTime(end),
    });
  });
  const known = new Set([...managed.home.sites].map(([, address]) => peerUrl(address)));
  return {
    hasQuorum: speaker !== undefined && (await speaker.hasQuorum(signal)),
    epoch,
    sites: await Promise.all(sites),
    strangers: (members ?? [])
      .filter(
        ({ name, peerUrls }) =>
          !managed.home.sites.has(name) && !peerUrls.some((url) => known.has(url)),
      )
      .map(({ name, peerUrls }) => name || peerUrls.join(', ')),
  };
}

/** All configured members are in the cluster and answer, and a majority does. */
export function isWhole({ hasQuorum, sites, strangers }: RaftStatus): boolean {
  const isWell = ({ fault, role, alarms }: SiteStatus) =>
    fault === null && (role === 'leader' || role === 'follower') && alarms.length === 0;
  return hasQuorum && strangers.length === 0 && sites.every(isWell);
}

async function ask(site: string, api: MemberApi, signal: AbortSignal): Promise<Answer> {
  try {
    return { site, api, status: await api.status(signal), fault: null };
  } catch (error) {
    if (!(error instanceof FarshoreError)) throw error;
    return { site, api, status: null, fault: describeError(error) };
  }
}

interface Seen {
  readonly endpoint: string;
  /** Null: nobody could say. */
  readonly member: Member | 'none' | null;
  readonly alarms: readonly MemberAlarm[];
  readonly farthest: number;
  readonly certificateEnds: string | null;
}

function siteStatus(
  { site, status, fault }: Answer,
  { endpoint, member, alarms, farthest, certificateEnds }: Seen,
): SiteStatus {
  const memberId = status?.memberId ?? (member === 'none' ? undefined : member?.id);
  return {
    site,
    endpoint,
    fault,
    role: roleOf(member, status),
    version: status?.version ?? null,
    term: status?.term ?? null,
    raftIndex: status?.raftIndex ?? null,
    lag: status === null ? null : farthest - status.appliedIndex,
    dbBytes: status?.dbBytes ?? null,
    dbBytesInUse: status?.dbBytesInUse ?? null,
    alarms: alarms.filter((one) => one.memberId === memberId).map(({ alarm }) => alarm),
    certificateEnds,
  };
}

function roleOf(member: Seen['member'], status: MemberStatus | null): SiteStatus['role'] {
  if (member === null) return 'unknown';
  if (member === 'none') return 'not a member';
  if (member.isLearner) return 'learner';
  return status !== null && status.leaderId === status.memberId ? 'leader' : 'follower';
}

/** For what is shown beside the answers: missing where it cannot be had. */
async function orNull<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof FarshoreError) return null;
    throw error;
  }
}
