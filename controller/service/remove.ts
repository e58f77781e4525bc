import type { Ambient } from '../../kernel/ambient.ts';
import { isoTime } from '../../kernel/clock.ts';
import { noProgress } from '../../kernel/progress.ts';
import { forgetGroup } from '../../replicator/bank/group-record.ts';
import { readOwner } from '../../replicator/bank/owner.ts';
import { requireAllUnderstood } from '../../replicator/point/formats.ts';
import { newestProven, newestUsable } from '../../replicator/point/choose.ts';
import type { RecoveryPoint } from '../../replicator/point/types.ts';
import type { Movers } from '../../replicator/mover.ts';
import { expirePoints } from '../../replicator/retention/expire-points.ts';
import { deleteOrphans } from '../../replicator/retention/unknown-points.ts';
import { isEnded } from '../../replicator/session/state.ts';
import type { Ledger } from '../../replicator/session/ledger.ts';
import type { Execution, ExecutionJournal } from '../../runbooks/execution/types.ts';
import { currentClaim } from '../cluster/current-claim.ts';
import type { Claims } from '../cluster/types.ts';
import type { Supervisor } from '../replication/supervisor.ts';
import type { GroupRemoval, Precondition } from '../service.ts';
import type { Sites } from '../sites.ts';
import { readGroup, restoreRegion } from '../state/groups.ts';
import { holderOf, isHeld, isInUse } from '../state/holds.ts';
import { keys } from '../state/keys.ts';
import { notFound, refused } from '../state/refusals.ts';
import { latestOf } from '../state/summary.ts';
import { atomically } from '../store/atomically.ts';
import { type Entry, type Operation, put, remove, type Store, unchanged } from '../store/store.ts';
import { targetContext } from '../target-context.ts';
import { checkPrecondition } from './precondition.ts';
import { removalAudit } from './removal-audit.ts';

export interface RemoveDeps {
  readonly store: Store;
  readonly ledger: Ledger;
  readonly journal: ExecutionJournal;
  readonly sites: Sites;
  readonly movers: Movers;
  readonly supervisor: Supervisor;
  readonly claims: Pick<Claims, 'compareOf'>;
  readonly ambient: Ambient;
  /** Where orders are recorded. */
  readonly site: string;
}

/**
 * First the point is no longer offered (`expiring`), then its data goes. Killed between, or the
 * region away: asking again, or the group's next session, does the rest.
 */
export async function deletePoint(
  group: string,
  id: string,
  reason: string,
  deps: RemoveDeps,
  signal: AbortSignal,
): Promise<void> {
  await readGroup(deps.store, group);
  const point = await withdraw(group, id, reason, deps);
  // Beside a session nothing may be expired; its own clean-up, or the next one's, takes the point along.
  if (await isWorkedOn(group, deps)) return;
  await deps.supervisor.exclusively(group, signal, (alone) =>
    expire(group, [point], { ...deps, isGroupGoing: false }, alone),
  );
}

/** Compares the newest proven point too: found damaged meanwhile, it may make this one the newest. */
async function withdraw(
  group: string,
  id: string,
  reason: string,
  deps: RemoveDeps,
): Promise<RecoveryPoint> {
  const { store } = deps;
  const { result } = await atomically(store, async () => {
    const entries = await store.range(keys.point(group));
    requireAllUnderstood(
      entries.map(({ value }) => value),
      'delete point',
    );
    const stored = entries.find(({ value }) => value.id === id);
    if (stored === undefined)
      throw notFound('point', `${group}/${id}`, `farshore point list ${group} shows what there is`);
    const heads = entries.map(({ value }) => value);
    const newest = newestProven(heads) ?? newestUsable(heads);
    if (newest?.id === id) throw newestRefused(stored.value);
    const holds = await store.get(keys.holds(group, id));
    const holder = await holderOf(store, group, id);
    if (holder !== null) throw heldRefused(stored.value, holder);
    const hold = holds?.value.operator;
    if (hold !== undefined) throw operatorRefused(stored.value, hold.reason);
    const point = { ...stored.value, state: 'expiring' } as const;
    const read = entries.filter(({ value }) => value.id === id || value.id === newest?.id);
    return {
      compares: [
        unchanged(keys.holds(group, id), holds),
        ...read.map(({ path, modRevision }) => ({ path, modRevision })),
      ],
      operations: [
        put(keys.point(group, id), point),
        removalAudit(
          'point-deleted',
          { subject: `${group}/${id}`, reason, points: [stored.value] },
          deps,
        ),
      ],
      result: point,
    };
  });
  return result;
}

async function isWorkedOn(group: string, { ledger, store }: RemoveDeps): Promise<boolean> {
  const session = await ledger.session(group);
  if (session === null || isEnded(session.phase)) return false;
  return (await store.get(keys.claim('session', group))) !== null;
}

/**
 * The group's session is broken off and nothing of it starts again meanwhile. What is written, in turn:
 * the order into the audit, the session's end, points as `expiring`, their data deleted, then every key of
 * the group, and that it is deleted into the audit, in one transaction. Killed anywhere before that last
 * one, the group is still there, with its points expiring or gone: deleting again goes on. Its executions
 * stay as history. What its sessions made in the primary is noted with the last one, to be swept there.
 */
export async function deleteGroup(
  name: string,
  options: GroupRemoval,
  deps: RemoveDeps,
  signal: AbortSignal,
): Promise<void> {
  const { record } = await readGroup(deps.store, name);
  checkPrecondition('group', name, record, options.precondition);
  await refuseWhileExecuted(name, deps.journal);
  const points = await deps.ledger.points(name);
  if (points.length > 0 && !options.deletePoints) throw pointsRefused(name, points.length);
  await deps.supervisor.exclusively(name, signal, async (alone) => {
    await refuseOther(name, record, options.precondition, deps);
    const dropped = await deps.ledger.points(name);
    if (dropped.length > 0 && !options.deletePoints) throw pointsRefused(name, dropped.length);
    const audit = { subject: name, reason: options.reason ?? '', points: dropped };
    if (dropped.length > 0)
      await deps.store.transact([], [removalAudit('group-deletion-ordered', audit, deps)]);
    await endSession(name, deps);
    const { head } = await readGroup(deps.store, name);
    const regions = new Set([restoreRegion(head.value)]);
    if (options.deletePoints) {
      const all = await deps.ledger.points(name);
      await expire(name, all, { ...deps, isGroupGoing: true }, alone);
      const left = await deps.ledger.points(name);
      if (left[0] !== undefined)
        throw heldRefused(left[0], await holderOf(deps.store, name, left[0].id));
      for (const { region } of all) regions.add(region);
    }
    // Without points too: a session that came to nothing, or a deletion that broke off, left something.
    // Killed before: the group is still there; after: no rebuild brings it back.
    for (const region of regions) await forget(name, region, options.deletePoints, deps, alone);
    const done = removalAudit('group-deleted', audit, deps);
    await removeKeys(name, options.precondition, done, deps);
  });
}

/**
 * What sessions shipped for no point, and all that the bank has of the group. One that has no point there
 * can be deleted while the region is away: what is left is said.
 */
async function forget(
  group: string,
  region: string,
  isStrict: boolean,
  deps: RemoveDeps,
  signal: AbortSignal,
): Promise<void> {
  const { sites, ledger, ambient } = deps;
  try {
    const bank = await sites.bank(region, signal);
    const owner = await readOwner(bank.documents, signal);
    // What is another's stays.
    if (owner?.installation !== bank.installation) return;
    await deleteOrphans(group, ledger, bank, signal);
    await expireIn(region, group, [], { ...deps, isGroupGoing: true }, signal);
    await forgetGroup(bank.documents, group, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (isStrict) throw error;
    ambient.log.warn('what a deleted group has in its secondary is left there', {
      group,
      region,
      error,
    });
  }
}

/**
 * Whoever had the group to himself before may have deleted it and another may have made one of its
 * name, or begun to execute something with it: that one's points are not for this order to delete.
 */
async function refuseOther(
  name: string,
  record: Entry<unknown>,
  precondition: Precondition,
  deps: RemoveDeps,
): Promise<void> {
  const now = await readGroup(deps.store, name);
  checkPrecondition('group', name, now.record, precondition);
  if (now.record.createRevision !== record.createRevision) throw notFound('group', name);
  await refuseWhileExecuted(name, deps.journal);
}

async function expire(
  group: string,
  points: readonly RecoveryPoint[],
  deps: RemoveDeps & { readonly isGroupGoing: boolean },
  signal: AbortSignal,
): Promise<void> {
  for (const region of new Set(points.map((point) => point.region)))
    await expireIn(
      region,
      group,
      points.filter((point) => point.region === region),
      deps,
      signal,
    );
}

async function expireIn(
  region: string,
  group: string,
  points: readonly RecoveryPoint[],
  deps: RemoveDeps & { readonly isGroupGoing: boolean },
  signal: AbortSignal,
): Promise<void> {
  const { ledger, movers, ambient, store, isGroupGoing } = deps;
  const uses = isGroupGoing ? isInUse : isHeld;
  const held = (name: string, point: string) => uses(store, name, point);
  const at = await targetContext(deps, group, region, noProgress, signal);
  const { clock, log } = ambient;
  await expirePoints(points, { ledger, movers, at, held, clock, log, isGroupGoing });
}

/** Else what it shipped would count as needed, and another process would take it up. */
async function endSession(
  group: string,
  { store, claims, ambient: { clock } }: RemoveDeps,
): Promise<void> {
  const key = keys.session(group);
  await atomically(store, async () => {
    const claim = await currentClaim(store, claims, 'session', group);
    const session = await store.get(key);
    if (session === null || isEnded(session.value.phase))
      return { compares: [], operations: [], result: undefined };
    const error = { code: 'session.superseded', message: 'the group is being deleted' };
    const endedAt = isoTime(clock.now());
    const ended = { ...session.value, phase: 'superseded', endedAt, error } as const;
    const latest = await store.get(keys.latest(group));
    return {
      compares: [claim, unchanged(key, session)],
      operations: [
        put(key, ended),
        put(keys.latest(group), latestOf(ended, latest?.value ?? null)),
      ],
      result: undefined,
    };
  });
}

async function removeKeys(
  name: string,
  precondition: Precondition,
  audit: Operation,
  { store, ledger, claims }: RemoveDeps,
): Promise<void> {
  await atomically(store, async () => {
    const claim = await currentClaim(store, claims, 'session', name);
    const { record, head } = await readGroup(store, name);
    checkPrecondition('group', name, record, precondition);
    const points = await ledger.points(name);
    if (points.length > 0) throw pointsRefused(name, points.length);
    // An execution that was ordered since, at whatever controller.
    const active = await store.get(keys.active(name));
    const [execution] = active?.value.executions ?? [];
    if (execution !== undefined) throw executedRefused(name, execution.id);
    const below = [
      ...(await store.range(keys.history(name))),
      ...(await store.range(keys.holds(name))),
      ...(await store.range(keys.scrub(name))),
      ...(await store.range(keys.newestExecution(name))),
    ];
    // What its sessions made there goes as soon as that region answers, see source-sweep.ts.
    const left = {
      region: head.value.failedOver?.from ?? head.value.primary,
      project: record.value.spec.source.project,
    };
    const single = [
      keys.group,
      keys.head,
      keys.members,
      keys.session,
      keys.latest,
      keys.rto,
      keys.wanted,
      keys.changes,
      keys.sharing,
    ];
    return {
      // A session that is begun or a point that is committed compares the head.
      compares: [
        claim,
        unchanged(keys.group(name), record),
        unchanged(keys.head(name), head),
        unchanged(keys.active(name), active),
      ],
      operations: [
        ...single.map((key) => remove(key(name))),
        ...below.map((each) => remove({ path: each.path })),
        put(keys.sweep(left.region, left.project), left),
        audit,
      ],
      result: undefined,
    };
  });
}

async function refuseWhileExecuted(group: string, journal: ExecutionJournal): Promise<void> {
  const [execution] = await journal.list({ group, unfinished: true });
  if (execution !== undefined) throw executedRefused(group, execution.id);
}

function executedRefused(group: string, execution: string): Error {
  return refused(
    'group.in-use',
    'delete group',
    group,
    `execution ${execution} is under way`,
    `wait for it, or farshore execution cancel ${execution}`,
  );
}

function pointsRefused(group: string, count: number): Error {
  return refused(
    'group.has-points',
    'delete group',
    group,
    `${count} recovery points exist`,
    'delete them too with --delete-points: nothing can be recovered from them afterwards',
  );
}

function newestRefused(point: RecoveryPoint): Error {
  return refused(
    'point.newest-proven',
    'delete point',
    `${point.group}/${point.id}`,
    'it is the newest proven point: without it the group could not be recovered as of then',
    `replicate first (farshore group sync ${point.group}), or delete the group with its points`,
  );
}

function operatorRefused(point: RecoveryPoint, reason: string): Error {
  return refused(
    'point.held',
    'delete point',
    `${point.group}/${point.id}`,
    `it is held: ${reason}`,
    `let it go first: farshore point release ${point.group} ${point.id} --reason "…"`,
  );
}

function heldRefused(point: RecoveryPoint, holder: Execution | null): Error {
  const isOver = holder?.state === 'ended';
  return refused(
    'point.in-use',
    'delete point',
    `${point.group}/${point.id}`,
    isOver
      ? `${holder.mode} ${holder.id} ended ${holder.result ?? ''}, and needs it when it is tried again`
      : 'an execution uses it',
    isOver
      ? `farshore execution retry ${holder.id}, or delete the group with its points`
      : `wait until that has ended: farshore execution list --group ${point.group}`,
  );
}
