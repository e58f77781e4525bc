import type { Ambient } from '../../kernel/ambient.ts';
import { isoTime } from '../../kernel/clock.ts';
import { describeError, FarshoreError } from '../../kernel/errors.ts';
import { resourceKey, type ResourceRef } from '../../replicator/mover.ts';
import type { PointMember, LackingResource } from '../../replicator/point/types.ts';
import type { Ledger } from '../../replicator/session/ledger.ts';
import { newSession } from '../../replicator/session/new-session.ts';
import type { Session, SessionError } from '../../replicator/session/types.ts';
import type { Claims } from '../cluster/types.ts';
import { compareMembers } from '../members/changes.ts';
import { ownContainers } from '../members/own-containers.ts';
import { resolveMembers, type MemberFault } from '../members/resolve.ts';
import { describeTaken, type HeldMembers, takenFrom } from '../members/taken.ts';
import type { Sites } from '../sites.ts';
import { readChanges, saveChanges } from '../state/changes.ts';
import { readGroup, type GroupEntries } from '../state/groups.ts';
import { keys } from '../state/keys.ts';
import { type GroupRecord, memberTaken } from '../state/records.ts';
import { notFound } from '../state/refusals.ts';
import type { Store } from '../store/store.ts';

export interface ClaimDeps {
  readonly store: Store;
  readonly ledger: Ledger;
  readonly sites: Sites;
  readonly claims: Pick<Claims, 'compareOf'>;
  readonly memory: HeldMembers;
  readonly ambient: Ambient;
}

/**
 * Claims a new session of the group with its generation and what its members are now, compared with
 * those of the newest point: what was protected and is not found is noted as lost before the session
 * begins. Where the members cannot be found out, a session is recorded that failed with the reason: an
 * operator looks there. Killed before the claim is saved: nothing began, and what was noted is true.
 * Null: the group rests. Whoever asked saw it as it was before it was paused or failed over; after a
 * failover its primary is another region, which a session would take for the source.
 */
export async function claimSession(
  group: string,
  deps: ClaimDeps,
  signal: AbortSignal,
): Promise<Session | null> {
  const entries = await readGroup(deps.store, group);
  const { generation, primary, secondary, failedOver } = entries.head.value;
  if (failedOver !== undefined || entries.record.value.spec.paused) return null;
  const found = await currentMembers(entries, deps, signal);
  const order = { group, generation, sourceRegion: primary, targetRegion: secondary };
  const before = await deps.ledger.session(group);
  const { clock } = deps.ambient;
  const session: Session =
    'error' in found
      ? {
          ...newSession(
            { ...order, resources: await lastKnown(group, deps.store) },
            deps.ambient,
            before,
          ),
          phase: 'failed',
          endedAt: isoTime(clock.now()),
          error: found.error,
        }
      : newSession({ ...order, ...found }, deps.ambient, before);
  await deps.ledger.saveSession(session);
  return session;
}

type Found =
  | { readonly resources: readonly ResourceRef[]; readonly lacking: readonly LackingResource[] }
  | { readonly error: SessionError };

async function currentMembers(
  entries: GroupEntries,
  deps: ClaimDeps,
  signal: AbortSignal,
): Promise<Found> {
  const { record, head } = entries;
  const { name, members, source } = record.value.spec;
  const { sites, ambient } = deps;
  try {
    const { primary } = head.value;
    const scope = await sites.region(primary).project(source.project, signal);
    const at = { source: scope, ownContainers: ownContainers(sites, primary) };
    const { resources, faults } = await resolveMembers(members, at, signal);
    const taken = await takenByOthers(entries, resources, deps, signal);
    const lacking = await compared(entries, resources, [...faults, ...taken], deps);
    const others = new Set(taken.map(({ resource }) => resourceKey(resource)));
    return { resources: resources.filter((each) => !others.has(resourceKey(each))), lacking };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof FarshoreError) || isOwn(error)) throw error;
    ambient.log.warn('members cannot be found out', { group: name, error });
    return { error: { code: error.code, message: describeError(error) } };
  }
}

/**
 * What a selector has come to match and another group has: it stays that group's. Where two took it at one
 * time, the older group keeps it. Memory may be behind by an instant: the next session sees what this did not.
 */
async function takenByOthers(
  { record }: GroupEntries,
  resources: readonly ResourceRef[],
  { memory, sites, store }: ClaimDeps,
  signal: AbortSignal,
): Promise<readonly MemberFault[]> {
  const { spec } = record.value;
  const own = new Set((await lastKnown(spec.name, store)).map(resourceKey));
  const taken = await takenFrom(spec, resources, memory, sites, signal);
  return taken
    .filter(({ resource, by }) => !own.has(resourceKey(resource)) || isOlder(by, record.value))
    .map((each) => ({
      path: 'members',
      code: memberTaken,
      message: `${describeTaken(each)}: take it out of one of the two`,
      resource: each.resource,
      candidates: [],
    }));
}

function isOlder(a: GroupRecord, b: GroupRecord): boolean {
  return a.createdAt === b.createdAt ? a.spec.name < b.spec.name : a.createdAt < b.createdAt;
}

/** Of the controller's own state: it says nothing about the members. */
function isOwn({ code }: FarshoreError): boolean {
  return /^(store|claim|controller)\./.test(code);
}

async function compared(
  { record, head }: GroupEntries,
  found: readonly ResourceRef[],
  faults: readonly MemberFault[],
  deps: ClaimDeps,
): Promise<readonly LackingResource[]> {
  const { name, members, policy: policyName } = record.value.spec;
  const { store, ledger, ambient } = deps;
  const policy = await store.get(keys.policy(policyName));
  if (policy === null) throw notFound('policy', policyName);
  const points = await ledger.points(name);
  const newest = points.find(
    ({ state, sourceRegion }) => state !== 'expiring' && sourceRegion === head.value.primary,
  );
  const known = newest?.members ?? [];
  const changes = await readChanges(store, name);
  const comparison = compareMembers({
    members,
    known,
    found,
    unusable: faults.map((fault) => unusableOf(fault, known)),
    changes,
    nowMs: ambient.clock.now(),
    graceSeconds: policy.value.changes.graceSeconds,
  });
  await saveChanges(name, changes, comparison.changes, deps);
  return comparison.lacking;
}

/** An ambiguous name is that of the one that it stood for, if that is among those it may stand for. */
function unusableOf(
  { resource, code, message, candidates }: MemberFault,
  known: readonly PointMember[],
): LackingResource {
  const before = known.find(
    (each) => each.resource.kind === resource.kind && candidates.includes(each.resource.id),
  );
  return { resource: before?.resource ?? resource, code, message };
}

async function lastKnown(group: string, store: Store): Promise<readonly ResourceRef[]> {
  return (await store.get(keys.members(group)))?.value.resources ?? [];
}
