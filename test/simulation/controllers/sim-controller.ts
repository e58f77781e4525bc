import type { Ambient } from '../../../kernel/ambient.ts';
import type { Log, LogFields } from '../../../kernel/log.ts';
import { requireNoneAhead } from '../../../replicator/retention/unknown-points.ts';
import { runSession } from '../../../replicator/session/runner.ts';
import type { Movers } from '../../../replicator/mover.ts';
import type { Ledger } from '../../../replicator/session/ledger.ts';
import type { Claims } from '../../../controller/cluster/types.ts';
import { StoreCluster } from '../../../controller/cluster/store-cluster.ts';
import { createMirrors } from '../../../controller/compose/state-mirrors.ts';
import { ControllerControl } from '../../../controller/control.ts';
import { silentObserver } from '../../../controller/observer.ts';
import { claimSession } from '../../../controller/replication/claim.ts';
import { Scrubs } from '../../../controller/replication/scrubs.ts';
import { Standings } from '../../../controller/replication/standings.ts';
import { Supervisor, type SupervisorDeps } from '../../../controller/replication/supervisor.ts';
import { StoreControllerService } from '../../../controller/service/controller-service.ts';
import { bankGroup } from '../../../controller/state/banked-group.ts';
import { readGroup } from '../../../controller/state/groups.ts';
import { readExemptions } from '../../../controller/state/exemptions.ts';
import type { Sites } from '../../../controller/sites.ts';
import { isHeld } from '../../../controller/state/holds.ts';
import { MirrorSet } from '../../../controller/mirror/mirror-set.ts';
import { OwnWrites } from '../../../controller/mirror/own-writes.ts';
import { PointTallies } from '../../../controller/mirror/point-tallies.ts';
import { Reads } from '../../../controller/mirror/reads.ts';
import { StoreJournal } from '../../../controller/state/journal.ts';
import { keys } from '../../../controller/state/keys.ts';
import { StoreOrders } from '../../../controller/state/orders.ts';
import { StoreLedger } from '../../../controller/state/ledger.ts';
import { heard } from '../../../controller/mirror/heard-store.ts';
import type { Store } from '../../../controller/store/store.ts';
import { createRunner } from '../../../runbooks/execution/executor.ts';
import type { ExecutionJournal } from '../../../runbooks/execution/types.ts';
import { simMovers } from '../movers/sim-movers.ts';
import type { SimProcess } from '../engine/process.ts';
import { SimStore } from '../store/sim-store.ts';
import type { Cluster } from '../store/cluster.ts';
import { identityNamed } from '../world/identities.ts';
import { sitesOf } from '../world/sim-scope.ts';
import type { World } from '../world/world.ts';
import { watchedClaims, type Belief } from './watched-claims.ts';

/** How tests put a broken part in the place of a real one. */
export interface Plants {
  readonly store?: (store: SimStore) => Store;
  readonly claims?: (claims: Claims) => Claims;
  readonly ledger?: (store: Store, claims: Claims) => Ledger;
  readonly journal?: (journal: ExecutionJournal) => ExecutionJournal;
  readonly movers?: (movers: Movers) => Movers;
  readonly sites?: (sites: Sites) => Sites;
}

export interface SimControllerDeps {
  readonly world: World;
  readonly cluster: Cluster;
  readonly process: SimProcess;
  readonly site: string;
  /** Controllers of one share their store. */
  readonly installation: string;
  readonly leaseTtlMs: number;
  readonly plants: Plants;
  /** Errors that no part of the product raises on purpose. */
  readonly onDefect: (process: SimProcess, message: string, error: unknown) => void;
  /** It cannot go on by itself: the process ends. */
  readonly onEnd: (process: SimProcess) => void;
}

/** A controller in a simulated process: the product's parts, put together as its composition root does. */
export interface SimController {
  readonly process: SimProcess;
  readonly site: string;
  /** Its id among the others, now. */
  readonly id: string | null;
  readonly service: StoreControllerService;
  readonly store: SimStore;
  /** What it holds, by its own belief. */
  readonly beliefs: ReadonlySet<Belief>;
  believesToLead(): boolean;
  /** As for SIGTERM: breaks off what is under way, gives back what it holds. */
  stop(): Promise<void>;
}

const shipAtOnce = 3;
const sessionsAtOnce = 2;

export function startController(deps: SimControllerDeps): SimController {
  const { world, cluster: members, process, site, plants } = deps;
  const log = logOf(deps);
  const ambient: Ambient = Object.freeze({ clock: process.clock, random: process.random, log });
  const simStore = new SimStore(members, site, { process, scheduler: world.scheduler });
  const writes = new OwnWrites(process.clock);
  const store = heard(plants.store?.(simStore) ?? simStore, {
    onRequest: () => undefined,
    onCommitted: (operations, revision) => writes.note(operations, revision),
  });
  const region = world.regions.some(({ name }) => name === site) ? site : null;
  const place = { site, region, version: 'simulation' };
  const cluster = new StoreCluster({ store, ambient, place, leaseTtlMs: deps.leaseTtlMs });
  const kinds = createMirrors(store, ambient);
  const mirrors = new MirrorSet(Object.values(kinds), writes, process.clock);
  const standings = new Standings(kinds);
  const watched = watchedClaims(cluster.claims, process, () => cluster.self !== null);
  const claims = plants.claims?.(watched.claims) ?? watched.claims;
  const identity = identityNamed(deps.installation);
  const own = sitesOf(world, process, () => cluster.self !== null, identity);
  const sites = plants.sites?.(own) ?? own;
  const ledger = plants.ledger?.(store, claims) ?? new StoreLedger(store, claims);
  const plain = new StoreJournal({ store, claims, ambient, site });
  const journal = plants.journal?.(plain) ?? plain;
  const { clock } = ambient;
  const movers = plants.movers?.(simMovers) ?? simMovers;
  const base = { store, ledger, journal, sites, movers, ambient, clock, log, cluster, claims };
  const fail = (error: unknown): void => {
    deps.onDefect(process, 'the controller cannot go on', error);
    deps.onEnd(process);
  };
  const memory = { ...kinds, tallies: new PointTallies(kinds.points) };
  const scrubs = new Scrubs({ ...base, memory });
  const supervisor = new Supervisor({
    ...base,
    standings,
    makeWay: (group) => scrubs.makeWay(group),
    observer: silentObserver,
    sessionsAtOnce,
    begin: (group, signal) => claimSession(group, { ...base, memory }, signal),
    run: runnerOf(base),
    onFailure: fail,
  });
  const control = new ControllerControl(base);
  const orders = new StoreOrders({ store, claims, ambient });
  const runner = createRunner({ ...base, control, orders, turns: cluster });
  const stopping = new AbortController();
  const service = new StoreControllerService({
    ...base,
    supervisor,
    control,
    runner,
    memory,
    mirrors,
    reads: new Reads(store, writes),
    site,
    siteNames: members.members.map((member) => member.site),
    claimsHeld: () => cluster.heldClaims(),
    member: () => null,
    isTakenUp: () => true,
    stopping: stopping.signal,
  });
  const start = async (): Promise<void> => {
    await Promise.all([cluster.start(), mirrors.start()]);
    await runner.begin();
    supervisor.start();
    scrubs.start();
  };
  start().catch(fail);
  return {
    process,
    site,
    get id() {
      return cluster.self?.id ?? null;
    },
    service,
    store: simStore,
    beliefs: watched.beliefs,
    believesToLead: () => !process.isDead && cluster.isLeader(),
    stop: async () => {
      stopping.abort();
      await Promise.all([runner.stop(), supervisor.stop(), scrubs.stop()]);
      await cluster.stop();
      await mirrors.stop();
      await store.close();
    },
  };
}

interface Base {
  readonly store: Store;
  readonly ledger: Ledger;
  readonly sites: Sites;
  readonly movers: Movers;
  readonly ambient: Ambient;
}

/** As the product runs a session, but for the spool, which lies on a simulated disk. */
function runnerOf({ store, ledger, sites, movers, ambient }: Base): SupervisorDeps['run'] {
  return async (session, progress, signal) => {
    const { spec, createdAt } = (await readGroup(store, session.group)).record.value;
    const policy = (await store.get(keys.policy(spec.policy)))?.value;
    if (policy === undefined) throw new Error('a group without a policy');
    return runSession(session, {
      ledger,
      movers,
      ambient,
      retention: policy.retention,
      changeLimitPercent: policy.changes.limitPercent,
      exemptions: (group) =>
        readExemptions(store, group, ambient.clock.now(), policy.changes.graceSeconds),
      clockAheadMs: () => 0,
      openContext: async ({ sourceRegion, targetRegion }, inner) => {
        const bank = await sites.bank(targetRegion, inner);
        await bank.requireOwned(inner);
        const source = await sites.region(sourceRegion).project(spec.source.project, inner);
        const target = await sites.region(targetRegion).project(spec.target.project, inner);
        await requireNoneAhead(session, createdAt, ledger, bank, inner);
        await bankGroup(store, session.group, bank, inner);
        const { options } = policy;
        const about = { sharedSwift: false, mappings: {}, options, spoolDir: session.id };
        return { source, target, bank, ...about };
      },
      progressOf: ({ kind }) => progress.of(kind),
      held: (group, point) => isHeld(store, group, point),
      shipAtOnce,
      signal,
    });
  };
}

/** Into the trace, for who reads a failing seed; what nobody raised on purpose ends the seed. */
function logOf({ process, world, onDefect }: SimControllerDeps, bound: LogFields = {}): Log {
  const say =
    (level: string) =>
    (message: string, fields: LogFields = {}) => {
      const all = { ...bound, ...fields };
      world.trace.note(() => `${process.name} ${level} ${message} ${describe(all)}`);
      const defect = all['stack'] ?? (all['error'] instanceof Error ? all['error'] : undefined);
      if (level === 'warn' || level === 'error') onDefect(process, message, defect);
    };
  return {
    debug: say('debug'),
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
    child: (fields) =>
      logOf({ process, world, onDefect } as SimControllerDeps, { ...bound, ...fields }),
  };
}

function describe(fields: LogFields): string {
  return Object.entries(fields)
    .map(
      ([name, value]) =>
        `${name}=${value instanceof Error ? value.message : JSON.stringify(value)}`,
    )
    .join(' ');
}
