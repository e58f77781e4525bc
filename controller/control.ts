import { isoTime, type Clock } from '../kernel/clock.ts';
import { FarshoreError } from '../kernel/errors.ts';
import type { Log } from '../kernel/log.ts';
import type { Progress } from '../kernel/progress.ts';
import type { Depth, Movers, ResourceRef, TargetContext } from '../replicator/mover.ts';
import { isUnderstood } from '../replicator/point/formats.ts';
import { hasRestorable } from '../replicator/point/members.ts';
import { readManifest } from '../replicator/point/read-manifest.ts';
import type { PointManifest, RecoveryPoint } from '../replicator/point/types.ts';
import { recordChecks } from '../replicator/point/record-checks.ts';
import { checkPoint } from '../replicator/point/verify-point.ts';
import { isEnded } from '../replicator/session/state.ts';
import type { Ledger } from '../replicator/session/ledger.ts';
import type { Control, GroupView, LostPrimary } from '../runbooks/control.ts';
import { withDeadline } from '../runbooks/execution/deadline.ts';
import { currentClaim } from './cluster/current-claim.ts';
import type { Claims } from './cluster/types.ts';
import type { Sites } from './sites.ts';
import { bankGroup } from './state/banked-group.ts';
import { readGroup, restoreRegion } from './state/groups.ts';
import { holdPoint } from './state/holds.ts';
import { keys } from './state/keys.ts';
import type { GroupHead } from './state/records.ts';
import { notFound, refused } from './state/refusals.ts';
import { latestOf } from './state/summary.ts';
import { atomically } from './store/atomically.ts';
import { type Compare, put, remove, type Store, unchanged } from './store/store.ts';
import { targetContext } from './target-context.ts';

export interface ControlDeps {
  readonly store: Store;
  readonly ledger: Ledger;
  readonly sites: Sites;
  readonly movers: Movers;
  readonly claims: Pick<Claims, 'compareOf'>;
  readonly clock: Clock;
  readonly log: Log;
}

type Raised = Awaited<ReturnType<Control['raiseGeneration']>>;

/** What runbooks may ask, over the store, the regions and the movers. */
export class ControllerControl implements Control {
  readonly movers: Movers;
  readonly #deps: ControlDeps;
  /** Revision of the head that is known to be in the bank, by group: another of its name begins anew. */
  readonly #banked = new Map<string, number>();

  constructor(deps: ControlDeps) {
    this.#deps = deps;
    this.movers = deps.movers;
  }

  async group(name: string): Promise<GroupView> {
    const { record, head } = await readGroup(this.#deps.store, name);
    const policy = await this.#deps.store.get(keys.policy(record.value.spec.policy));
    if (policy === null) throw notFound('policy', record.value.spec.policy);
    const { rpoSeconds, rtoSeconds } = policy.value;
    const { generation, primary, secondary } = head.value;
    const region = restoreRegion(head.value);
    const failedOverBy = head.value.failedOver?.executionId;
    return {
      name,
      generation,
      primary,
      secondary,
      restoreRegion: region,
      ...(failedOverBy === undefined ? {} : { failedOverBy }),
      rpoSeconds,
      rtoSeconds,
    };
  }

  /**
   * One transaction: the new head, the end of the session under way, and its claim taken away, by
   * which the controller that carries it out, wherever, hears of it. Killed before: nothing happened.
   * Killed after, or the answer lost: asked again by the same execution, the head tells what it did.
   * What a session still has in flight can ship bytes, but record nothing. Only while there is a proven
   * point: the order may have been for a group of this name that was deleted and made anew since.
   */
  async raiseGeneration(group: string, executionId: string): Promise<Raised> {
    const { store, claims } = this.#deps;
    const { result } = await atomically(store, async () => {
      const { head } = await readGroup(store, group);
      const { failedOver } = head.value;
      if (failedOver?.executionId === executionId)
        return { compares: [], operations: [], result: head.value };
      if (failedOver !== undefined) throw alreadyFailedOver(group, head.value);
      const claim = await currentClaim(store, claims, 'execution', executionId);
      const point = await this.#anyProven(group, head.value.secondary);
      const at = isoTime(this.#deps.clock.now());
      const raised = takeOver(head.value, executionId, at);
      const stop = await this.#supersede(group, raised, at);
      return {
        compares: [claim, point, unchanged(keys.head(group), head), ...stop.compares],
        operations: [
          put(keys.head(group), raised),
          remove(keys.claim('session', group)),
          remove(keys.wanted(group)),
          ...stop.operations,
        ],
        result: raised,
      };
    });
    const { generation, primary, secondary } = result;
    await this.#bankHead(group);
    return { generation, primary, lostPrimary: result.failedOver?.from ?? secondary };
  }

  async lostPrimary(group: string, region: string, signal: AbortSignal): Promise<LostPrimary> {
    const { record, head } = await readGroup(this.#deps.store, group);
    const lost = this.#deps.sites.region(region);
    const { swiftCluster } = this.#deps.sites.region(head.value.primary);
    return {
      source: await lost.project(record.value.spec.source.project, signal),
      sharedSwift: lost.swiftCluster === swiftCluster,
    };
  }

  async resources(group: string): Promise<readonly ResourceRef[]> {
    return (await this.#deps.store.get(keys.members(group)))?.value.resources ?? [];
  }

  async points(group: string): Promise<readonly RecoveryPoint[]> {
    const { head } = await readGroup(this.#deps.store, group);
    const region = restoreRegion(head.value);
    const points = await this.#deps.ledger.points(group);
    return points.filter(
      (point) => point.state !== 'expiring' && point.region === region && isUnderstood(point),
    );
  }

  /** Killed before the outcome is saved: the check is lost and made again; the head says what it said. */
  async verifyPoint(
    group: string,
    id: string,
    depth: Depth,
    progress: Progress,
    signal: AbortSignal,
    only?: ReadonlySet<string>,
  ): Promise<RecoveryPoint> {
    const { movers, clock, ledger, log } = this.#deps;
    const point = await this.#point(group, id);
    const context = await targetContext(this.#deps, group, point.region, progress, signal);
    const began = await ledger.newestCheck(group);
    const checks = await checkPoint(point, depth, { movers, at: context }, only);
    const at = isoTime(clock.now());
    const since = new Map([...checks.keys()].map((key) => [key, began]));
    const { bank } = context;
    const deps = { ledger, bank, log, signal };
    const head = await recordChecks(point, { checks, depth, at, since }, deps);
    if (head === null) throw notFound('point', `${group}/${id}`);
    return head;
  }

  async manifest(group: string, id: string, signal: AbortSignal): Promise<PointManifest> {
    const point = await this.#point(group, id);
    return readManifest(await this.#deps.sites.bank(point.region, signal), point, signal);
  }

  async target(group: string, progress: Progress, signal: AbortSignal): Promise<TargetContext> {
    const { head } = await readGroup(this.#deps.store, group);
    if (head.value.failedOver !== undefined) await this.#bankHead(group);
    return targetContext(this.#deps, group, restoreRegion(head.value), progress, signal);
  }

  async holdPoint(group: string, point: string, executionId: string): Promise<void> {
    await holdPoint(this.#deps.store, group, point, executionId);
  }

  /**
   * Who is primary, into the bank that a lost state is had back from: once it is committed, and before
   * anything is restored. Where the bank does not take it the failover goes on all the same, and it is
   * tried again at the next step: until it is there a rebuild would name the old primary.
   */
  async #bankHead(group: string): Promise<void> {
    const { store, sites, clock, log } = this.#deps;
    const { head } = await readGroup(store, group);
    if (this.#banked.get(group) === head.modRevision) return;
    const never = new AbortController().signal;
    try {
      await withDeadline(clock, bankHeadMs, never, late, async (limit) => {
        const bank = await sites.bank(restoreRegion(head.value), limit);
        await bankGroup(store, group, bank, limit);
      });
      this.#banked.set(group, head.modRevision);
    } catch (error) {
      log.warn('who is primary is not in the bank yet', { group, error });
    }
  }

  /** The newest, as it is now. */
  async #anyProven(group: string, region: string): Promise<Compare> {
    const points = await this.#deps.store.range(keys.point(group));
    const found = points.findLast(
      ({ value }) => value.region === region && isUnderstood(value) && hasRestorable(value),
    );
    if (found === undefined) throw nothingProven(group);
    return { path: found.path, modRevision: found.modRevision };
  }

  async #point(group: string, id: string): Promise<RecoveryPoint> {
    const found = await this.#deps.store.get(keys.point(group, id));
    if (found === null) throw notFound('point', `${group}/${id}`);
    return found.value;
  }

  async #supersede(group: string, head: GroupHead, at: string) {
    const session = await this.#deps.store.get(keys.session(group));
    const compares = [unchanged(keys.session(group), session)];
    if (session === null || isEnded(session.value.phase)) return { compares, operations: [] };
    const message = `a failover made ${head.primary} the primary at generation ${head.generation}`;
    const error = { code: 'session.superseded', message };
    const ended = { ...session.value, phase: 'superseded', endedAt: at, error } as const;
    const latest = await this.#deps.store.get(keys.latest(group));
    return {
      compares,
      operations: [
        put(keys.session(group), ended),
        put(keys.latest(group), latestOf(ended, latest?.value ?? null)),
      ],
    };
  }
}

/** A failover waits for its bank no longer than this. */
const bankHeadMs = 10_000;

function late(): FarshoreError {
  return new FarshoreError('the bank did not answer in time', {
    code: 'bank.late',
    kind: 'transient',
    operation: 'write group into the bank',
  });
}

/** Pure: the head after the secondary took over. */
function takeOver(head: GroupHead, executionId: string, at: string): GroupHead {
  return {
    generation: head.generation + 1,
    primary: head.secondary,
    secondary: head.primary,
    failedOver: { executionId, from: head.primary, at },
  };
}

function nothingProven(group: string): Error {
  return refused(
    'point.none-proven',
    'fail over group',
    group,
    'there is no proven recovery point any more',
    'nothing was changed: the primary is still what it was; see farshore point list',
  );
}

function alreadyFailedOver(group: string, head: GroupHead): Error {
  return refused(
    'group.failed-over',
    'fail over group',
    group,
    `${head.primary} became the primary at generation ${head.generation} already`,
    `farshore execution show ${head.failedOver?.executionId ?? ''} tells how that went; retry it rather than start another`,
  );
}
