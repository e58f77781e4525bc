import { resourceKey } from '../../replicator/mover.ts';
import { isUsable, isWhole } from '../../replicator/point/members.ts';
import { isEnded } from '../../replicator/session/state.ts';
import { keys } from '../../controller/state/keys.ts';
import type { Scheduler } from './engine/scheduler.ts';
import { Violation } from './invariants/types.ts';
import type { Operator } from './operator.ts';
import type { SimGroup, Wishes } from './sim-group.ts';
import type { Truth } from './truth.ts';
import type { World } from './world/world.ts';

export interface SettleDeps {
  /** Lets so much time pass. */
  readonly pass: (ms: number) => Promise<void>;
  readonly wishes: Wishes;
  readonly isSetUp: Promise<void>;
  readonly operator: Operator;
  readonly truth: Truth;
  readonly world: World;
  readonly groups: readonly SimGroup[];
  readonly scheduler: Scheduler;
  /** For so long it goes on before it is put to rest: what is let go by mistake is let go by then. */
  readonly goesOnMs: number;
}

const boundMs = 30 * 60_000;
const lookMs = 5_000;

/**
 * After all is mended: everything that began ends, every group is replicated anew or runs where it was
 * failed over to, within bounded time. Then the groups are put to rest, and so is everything.
 */
export async function settle(deps: SettleDeps): Promise<void> {
  const { operator, groups, truth, scheduler } = deps;
  const healedMs = scheduler.nowMs;
  operator.isPatient = true;
  await until(
    deps,
    'the first order is answered',
    () => groups.every(({ name, isFailingBack }) => isFailingBack || truth.group(name) !== null),
    async () => {
      await inTime(deps, operator.setUp(groups, deps.wishes));
    },
  );
  const healedAt = new Date(Date.parse('2026-11-21T08:00:00Z') + healedMs).toISOString();
  await until(
    deps,
    'every group is replicated or failed over',
    () => groups.every((group) => isServed(group, healedAt, deps)),
    async () => {
      for (const group of groups) {
        if (group.isFailingBack) await inTime(deps, operator.failBack(group));
        else if (truth.isBusy(group.name)) await inTime(deps, operator.approve(group));
        else if (!isServed(group, healedAt, deps)) await inTime(deps, operator.retry(group));
      }
    },
  );
  if (deps.goesOnMs > 0) await deps.pass(deps.goesOnMs);
  // Again where an order was on its way all the time.
  do {
    await until(
      deps,
      'everything is at rest',
      () =>
        isReadNoMore(deps) &&
        groups.every(
          (group) => isPaused(group, deps) && operator.isQuiet(group) && !truth.isBusy(group.name),
        ),
      async () => {
        for (const group of groups)
          if (truth.isBusy(group.name)) await inTime(deps, operator.approve(group));
        if (!isReadNoMore(deps))
          await inTime(deps, operator.applyPolicies({ ...deps.wishes, readEverySeconds: null }));
        for (const group of groups)
          if (!isPaused(group, deps)) await inTime(deps, operator.pause(group));
      },
    );
    await deps.pass(15_000);
  } while (groups.some(({ name }) => truth.isBusy(name)));
}

function isServed(
  group: SimGroup,
  healedAt: string,
  { truth, operator, world }: SettleDeps,
): boolean {
  const { name } = group;
  const head = truth.head(name);
  if (head === null || group.isFailingBack || truth.isBusy(name)) return false;
  if (head.failedOver !== undefined)
    return operator.hasFailedOver(group) || isHopeless(group, truth, world);
  const points = truth.points(name).filter(isUsable);
  const members = usableMembers(group, truth, world);
  const session = truth.session(name);
  // One that nobody has taken up again yet.
  if (members.length === 0) return session === null || isEnded(session.phase);
  return members.every((key) =>
    points.some(({ members }) =>
      members.some(
        (each) =>
          resourceKey(each.resource) === key && isWhole(each) && (each.dataTime ?? '') > healedAt,
      ),
    ),
  );
}

/** Those that the group names and that nothing is wrong with: they are replicated whatever befell the others. */
function usableMembers({ name }: SimGroup, truth: Truth, world: World): readonly string[] {
  const spec = truth.group(name)?.spec;
  const region = world.region(spec?.source.region ?? '');
  return (spec?.members ?? []).flatMap((member) => {
    if (!('nameOrId' in member)) return [];
    const { kind, nameOrId } = member;
    const byId = region.find(kind, nameOrId);
    const [found, other] = byId === undefined ? region.named(kind, nameOrId) : [byId];
    if (found === undefined || other !== undefined) return [];
    return region.isUsable(kind, found.id) ? [resourceKey(found)] : [];
  });
}

/** Faults damaged copies of what it protects: maybe no whole point was left to fail over to. */
function isHopeless({ name, had }: SimGroup, truth: Truth, { damaged }: World): boolean {
  const resources = truth.get(keys.members(name))?.resources ?? [];
  return [...resources.map(resourceKey), ...had].some((key) => damaged.has(key));
}

function isReadNoMore({ truth }: SettleDeps): boolean {
  const policies = ['east', 'west'].map((region) => truth.get(keys.policy(`to-${region}`)));
  return policies.every((policy) => policy?.verification.periodSeconds === null);
}

function isPaused({ name }: SimGroup, { truth }: SettleDeps): boolean {
  return truth.head(name)?.failedOver !== undefined || truth.group(name)?.spec.paused === true;
}

async function until(
  deps: SettleDeps,
  what: string,
  isSo: () => boolean,
  help: () => Promise<void>,
): Promise<void> {
  const endMs = deps.scheduler.nowMs + boundMs;
  while (!isSo()) {
    if (deps.scheduler.nowMs > endMs)
      throw new Violation(
        'liveness',
        `not so after ${boundMs / 60_000} minutes: ${what}; ${standing(deps)}`,
      );
    await help();
    await deps.pass(lookMs);
  }
}

/** Orders are answered by events: time must pass meanwhile. */
async function inTime(deps: SettleDeps, order: Promise<boolean>): Promise<void> {
  const answered = new AbortController();
  const done = order.then(() => answered.abort());
  while (!answered.signal.aborted) await deps.pass(1_000);
  await done;
}

function standing({ groups, truth }: SettleDeps): string {
  return groups
    .map(({ name, isFailingBack }) => {
      const head = truth.head(name);
      const [session, points] = [truth.session(name)?.phase, truth.points(name)];
      const executions = truth
        .executions(name)
        .map(({ id, mode, state, result }) => ({ id, mode, state, result }));
      return JSON.stringify({
        name,
        isFailingBack,
        head,
        session,
        points: points.map(({ state }) => state),
        executions: executions.slice(-2),
      });
    })
    .join(' ');
}
