import type { Ambient } from '../../../kernel/ambient.ts';
import { isTransient } from '../../../kernel/errors.ts';
import type { MemberApi, MemberStatus } from '../member-api.ts';
import type { MemberApis } from '../member-apis.ts';

export interface CareOptions {
  readonly apis: Pick<MemberApis, 'all'>;
  readonly ambient: Ambient;
  /** Asked before each thing that is done: false once another controller may lead. */
  readonly mayGoOn: () => boolean;
  /** Asked before a member is defragmented, during which it stands still. */
  readonly mayStop: (site: string) => boolean;
  readonly signal: AbortSignal;
}

interface Seen {
  readonly site: string;
  readonly api: MemberApi;
  readonly status: MemberStatus;
}

/** Below it there is nothing to gain. */
const leastBytes = 64 * 1024 ** 2;

/**
 * What the members need now: learners that have caught up get their vote, a full database gets room,
 * a database of which more than half is unused is defragmented, one member after the other and the
 * leading one last, since it stands still meanwhile. All of it is harmless twice.
 */
export async function careForMembers(options: CareOptions): Promise<void> {
  const seen = await lookAt(options);
  // Whatever is asked of the cluster is asked of the member that leads it.
  const leading = seen.find(({ status }) => status.leaderId === status.memberId)?.api;
  if (leading === undefined) return;
  await promoteLearners(options, leading);
  await relieveFull(options, leading, seen);
  const wasteful = seen.filter(({ status }) => isFragmented(status));
  // One that stands still, and one that is away already, would be a majority together.
  if (wasteful.length > 0 && seen.length === options.apis.all.size)
    await defragment(options, wasteful);
}

export function isFragmented({
  dbBytes,
  dbBytesInUse,
}: Pick<MemberStatus, 'dbBytes' | 'dbBytesInUse'>): boolean {
  return dbBytes >= leastBytes && dbBytesInUse < dbBytes / 2;
}

/** Followers first. */
export function inOrder<S extends { readonly status: MemberStatus }>(
  seen: readonly S[],
): readonly S[] {
  const leads = ({ status }: S) => Number(status.leaderId === status.memberId);
  return [...seen].sort((a, b) => leads(a) - leads(b));
}

async function lookAt({ apis, signal }: CareOptions): Promise<readonly Seen[]> {
  const all = [...apis.all].map(async ([site, api]): Promise<Seen | null> => {
    try {
      return { site, api, status: await api.status(signal) };
    } catch (error) {
      if (isTransient(error)) return null;
      throw error;
    }
  });
  return (await Promise.all(all)).filter((one) => one !== null);
}

async function promoteLearners(
  { ambient, mayGoOn, signal }: CareOptions,
  leading: MemberApi,
): Promise<void> {
  for (const { id, name, isLearner } of await leading.members(signal)) {
    // Without a name it was never started.
    if (!isLearner || name === '' || !mayGoOn()) continue;
    if (await leading.promote(id, signal))
      ambient.log.info('a member has caught up and votes now', { member: name });
  }
}

async function relieveFull(
  options: CareOptions,
  leading: MemberApi,
  seen: readonly Seen[],
): Promise<void> {
  const { ambient, mayGoOn, signal } = options;
  const full = (await leading.alarms(signal)).filter(({ alarm }) => alarm === 'NOSPACE');
  if (full.length === 0 || !mayGoOn()) return;
  ambient.log.error('the state is full: etcd refuses writes until there is room again', {
    bytes: Math.max(0, ...seen.map(({ status }) => status.dbBytes)),
  });
  await leading.compact(signal);
  await defragment(options, seen);
  for (const alarm of full) await leading.disarm(alarm, signal);
  ambient.log.error('the state has room again: find out what filled it', {
    bytes: (await leading.status(signal)).dbBytes,
  });
}

async function defragment(
  { ambient, mayGoOn, mayStop, signal }: CareOptions,
  seen: readonly Seen[],
): Promise<void> {
  for (const { site, api, status } of inOrder(seen)) {
    if (!mayGoOn()) return;
    if (!mayStop(site)) continue;
    await api.defragment(signal);
    const { dbBytes } = await api.status(signal);
    ambient.log.info('defragmented a member', {
      site,
      fromBytes: status.dbBytes,
      toBytes: dbBytes,
    });
  }
}
