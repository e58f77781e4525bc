import type { Ambient } from '../../kernel/ambient.ts';
import { isoTime } from '../../kernel/clock.ts';
import { describeError, FarshoreError } from '../../kernel/errors.ts';
import type { ResourceRef } from '../../replicator/mover.ts';
import { newSession } from '../../replicator/session/new-session.ts';
import type { Ledger, Session, SessionError } from '../../replicator/session/types.ts';
import { ownContainers } from '../members/own-containers.ts';
import { resolveMembers } from '../members/resolve.ts';
import type { Sites } from '../sites.ts';
import { readGroup, type GroupEntries } from '../state/groups.ts';
import { keys } from '../state/keys.ts';
import type { Store } from '../store/store.ts';

export interface ClaimDeps {
  readonly store: Store;
  readonly ledger: Ledger;
  readonly sites: Sites;
  readonly ambient: Ambient;
}

/**
 * Claims a new session of the group with its generation and what its members are now. Where they
 * cannot be found out, a session is recorded that failed with the reason: an operator looks there.
 * Killed before the claim is saved: nothing happened.
 */
export async function claimSession(
  group: string,
  deps: ClaimDeps,
  signal: AbortSignal,
): Promise<Session> {
  const entries = await readGroup(deps.store, group);
  const { generation, primary, secondary } = entries.head.value;
  const found = await currentResources(entries, deps, signal);
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
      : newSession({ ...order, resources: found.resources }, deps.ambient, before);
  await deps.ledger.saveSession(session);
  return session;
}

type Found = { readonly resources: readonly ResourceRef[] } | { readonly error: SessionError };

async function currentResources(
  { record, head }: GroupEntries,
  { sites, ambient }: ClaimDeps,
  signal: AbortSignal,
): Promise<Found> {
  const { members, source } = record.value.spec;
  try {
    const { primary } = head.value;
    const scope = await sites.region(primary).project(source.project, signal);
    const at = { source: scope, ownContainers: ownContainers(sites, primary) };
    const { resources, faults } = await resolveMembers(members, at, signal);
    if (faults.length === 0) return { resources };
    const message = faults.map((fault) => `${fault.path}: ${fault.message}`).join('; ');
    return { error: { code: 'group.member-unusable', message } };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof FarshoreError)) throw error;
    ambient.log.warn('members cannot be found out', { group: record.value.spec.name, error });
    return { error: { code: error.code, message: describeError(error) } };
  }
}

async function lastKnown(group: string, store: Store): Promise<readonly ResourceRef[]> {
  return (await store.get(keys.members(group)))?.value.resources ?? [];
}
