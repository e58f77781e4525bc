import type { Mover, Movers } from '../../replicator/mover.ts';
import type { NewPoint } from '../../replicator/point/types.ts';
import type { Session } from '../../replicator/session/types.ts';
import type { Claims } from '../../controller/cluster/types.ts';
import { keys } from '../../controller/state/keys.ts';
import { StoreLedger } from '../../controller/state/ledger.ts';
import { latestOf } from '../../controller/state/summary.ts';
import type { Compare, Lease, Operation, Store } from '../../controller/store/store.ts';
import { put } from '../../controller/store/store.ts';
import type { Plants } from './controllers/sim-controller.ts';
import { linkOf } from './world/sim-scope.ts';
import type { Actor } from './world/types.ts';

/** Writes what it is given whenever `compares` hold, and asks nothing else. */
class LaxLedger extends StoreLedger {
  readonly #store: Store;
  readonly #compares: (group: string) => Promise<readonly Compare[]>;

  constructor(
    store: Store,
    claims: Claims,
    compares: (group: string) => Promise<readonly Compare[]>,
  ) {
    super(store, claims);
    this.#store = store;
    this.#compares = compares;
  }

  override async saveSession(session: Session): Promise<void> {
    await this.#write(session, []);
  }

  override async commitPoint(point: NewPoint, session: Session): Promise<void> {
    await this.#write(session, [
      put(keys.point(point.group, point.id), {
        ...point,
        sequence: (await this.points(point.group)).length + 1,
      }),
    ]);
  }

  async #write(session: Session, others: readonly Operation[]): Promise<void> {
    const { group } = session;
    await this.#store.transact(await this.#compares(group), [
      put(keys.session(group), session),
      put(keys.latest(group), latestOf(session, null)),
      ...others,
    ]);
  }
}

/** Compares the claim, which a failover does not take away, and not the generation. */
export const skippedGeneration: Plants = {
  ledger: (store, claims) =>
    new LaxLedger(store, claims, (group) => Promise.resolve([claims.compareOf('session', group)])),
  store: (store) =>
    over(store, {
      transact: (compares, operations) => {
        const isRaise = operations.some(({ path }) => path.startsWith('heads/'));
        const kept = operations.filter(({ path }) => !path.startsWith('live/claims/session/'));
        return store.transact(compares, isRaise ? kept : operations);
      },
    }),
};

/** Compares the generation, as it is by then, and not the claim. */
export const skippedClaim: Plants = {
  ledger: (store, claims) =>
    new LaxLedger(store, claims, async (group) => {
      const head = await store.get(keys.head(group));
      return [{ path: keys.head(group).path, modRevision: head?.modRevision ?? 0 }];
    }),
};

/** A lease that never ends, as its holder sees it. */
export const overstayingLease: Plants = {
  store: (store) =>
    over(store, {
      lease: async (ttlMs): Promise<Lease> => {
        const lease = await store.lease(ttlMs);
        const { signal: lost } = new AbortController();
        return { id: lease.id, isHeld: () => true, lost, revoke: () => lease.revoke() };
      },
    }),
};

/** Says that all is there and whole, while the last object of a copy never was sent. */
export const missingLastObject: Plants = {
  movers: (movers) =>
    eachMover(movers, (mover) => ({
      ...mover,
      ship: async (capture, previous, session) => {
        const copy = await mover.ship(capture, previous, session);
        const { region, world, process } = linkOf(session.target);
        const [last] = [...region.copies.keys()].reverse();
        const actor: Actor = { type: 'group', group: session.group };
        // Taken away again behind everybody's back: as if it had not arrived yet.
        if (last?.startsWith(`${copy.resource.kind}/${copy.resource.id}/`) === true) {
          region.copies.delete(last);
          world.trace.add(`${process.name} left out ${last} for ${actor.group}`);
        }
        return copy;
      },
      verify: (copy, depth) =>
        Promise.resolve({ depth, objects: copy.objects, bytes: 0, findings: [], damaged: 0 }),
    })),
};

/** After another took it over, everything that was restored already is restored again. */
export const stepDoneTwice: Plants = {
  journal: (journal) => {
    const load = journal.load.bind(journal);
    journal.load = async (id) => {
      const execution = await load(id);
      if (execution === null || execution.state === 'ended') return execution;
      const steps = execution.steps.map((step) =>
        step.type === 'restore' && step.state === 'done'
          ? ({ ...step, state: 'running', memo: {} } as const)
          : step,
      );
      return { ...execution, steps };
    };
    return journal;
  },
  movers: (movers) =>
    eachMover(movers, (mover) => ({
      ...mover,
      // It does not look for what an earlier attempt made.
      restore: (copy, order, at) =>
        mover.restore(copy, { ...order, memo: forgetful }, { ...at, target: blind(at.target) }),
    })),
};

const forgetful = { get: () => undefined, set: () => Promise.resolve() };

/** Finds nothing that there was before it was made by this very call. */
function blind<S extends object>(scope: S): S {
  const link = linkOf(scope as never);
  let hasMade = false;
  const seen = Object.create(link) as typeof link;
  seen.read = (operation, act, signal) =>
    operation === 'find resource' && !hasMade
      ? Promise.resolve(undefined as ReturnType<typeof act>)
      : link.read(operation, act, signal);
  seen.write = (effect, actor, act, signal) => {
    hasMade = true;
    return link.write(effect, actor, act, signal);
  };
  return { ...scope, link: seen };
}

export function over(store: Store, changes: Partial<Store>): Store {
  return {
    get: (key, options) => store.get(key, options),
    range: (prefix, options) => store.range(prefix, options),
    page: (prefix, options) => store.page(prefix, options),
    transact: (compares, operations) => store.transact(compares, operations),
    watch: (prefix, from, signal) => store.watch(prefix, from, signal),
    lease: (ttlMs) => store.lease(ttlMs),
    health: () => store.health(),
    close: () => store.close(),
    ...changes,
  };
}

type AnyMover = Mover<never>;

export function eachMover(movers: Movers, change: (mover: AnyMover) => AnyMover): Movers {
  const { volume, image, container } = movers as unknown as Record<string, AnyMover>;
  return {
    volume: change(volume as AnyMover),
    image: change(image as AnyMover),
    container: change(container as AnyMover),
  };
}
