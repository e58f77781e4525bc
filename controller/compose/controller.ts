import { join } from 'node:path';
import type { Ambient } from '../../kernel/ambient.ts';
import { systemClock } from '../../kernel/clock.ts';
import type { Log } from '../../kernel/log.ts';
import { systemRandom } from '../../kernel/random.ts';
import type { Movers } from '../../replicator/mover.ts';
import { createRunner } from '../../runbooks/execution/executor.ts';
import type { RunnerHooks } from '../../runbooks/execution/parts.ts';
import { assertLease } from '../cluster/assert-lease.ts';
import type { Config } from '../config/config.ts';
import { ControllerControl } from '../control.ts';
import { type Observer, silentObserver } from '../observer.ts';
import { claimSession } from '../replication/claim.ts';
import { ExecutionSweeps } from '../replication/execution-sweep.ts';
import { Scrubs } from '../replication/scrubs.ts';
import { sessionRunner } from '../replication/session-runner.ts';
import { SourceSweeps, type SourceSweepDeps } from '../replication/source-sweep.ts';
import { Supervisor } from '../replication/supervisor.ts';
import { StoreControllerService } from '../service/controller-service.ts';
import type { ControllerService } from '../service.ts';
import { identityOf } from '../state/installation.ts';
import { StoreJournal } from '../state/journal.ts';
import { StoreLedger } from '../state/ledger.ts';
import { StoreOrders } from '../state/orders.ts';
import { createMovers } from '../../replicator/kinds.ts';
import { type OpenedSites, openSites } from './open-sites.ts';
import { openState } from './open-state.ts';
import { createLog } from './pino-log.ts';

export interface Controller {
  readonly service: ControllerService;
  /** Takes up executions and sessions of earlier runs, then what is due. */
  start(): Promise<void>;
  /** For SIGTERM: aborts what is under way, which goes on at the next start; then closes the store. */
  stop(): Promise<void>;
  /** Resolves when this process can do no more (the disk is full): stop, then exit with a failure. */
  readonly failure: Promise<unknown>;
}

export interface ControllerOptions {
  readonly config: Config;
  /** Of this program. */
  readonly version: string;
  readonly observer?: Observer;
  /** Clock, chance and log of the system unless given. */
  readonly ambient?: Ambient;
  readonly movers?: Movers;
  readonly sites?: OpenedSites;
}

/**
 * The composition root: every part is made here, once, and handed what it needs. Opens the state
 * directory (`store.in-use`, `store.corrupt`, `store.unwritable`) and no connection to any region.
 */
export async function createController(options: ControllerOptions): Promise<Controller> {
  const { config, observer = silentObserver } = options;
  const ambient = options.ambient ?? systemAmbient(config);
  const { clock, log } = ambient;
  const { failure, fail: onFailure } = firstFailure(log);
  const onRequest: Observer['storeRequest'] = (request) => observer.storeRequest(request);
  const state = await openState(config, options.version, ambient, { onFailure, onRequest });
  const { store, cluster, standings } = state;
  const { claims } = cluster;
  const { sites, close } =
    options.sites ??
    openSites(config, ambient, {
      onRequest: (event) => observer.request(event),
      permit: () => assertLease(cluster),
      identity: () => identityOf(store, ambient),
    });
  const movers = options.movers ?? createMovers(ambient, join(config.dataDir, 'spool'));
  const ledger = new StoreLedger(store, claims);
  const journal = new StoreJournal({ store, claims, ambient, site: state.shown.site });
  const base = { store, ledger, journal, sites, movers, ambient, clock, log, cluster, claims };
  const spoolDir = join(config.dataDir, 'spool', 'sessions');
  const scrubs = new Scrubs({ ...base, memory: { ...state.kinds, tallies: state.tallies } });
  const supervisor = new Supervisor({
    ...base,
    standings,
    observer,
    sessionsAtOnce: config.limits.sessions,
    makeWay: (group) => scrubs.makeWay(group),
    begin: (group, signal) => claimSession(group, { ...base, memory: state.kinds }, signal),
    run: sessionRunner({ ...base, shipAtOnce: config.limits.resources, spoolDir }),
    onFailure,
  });
  const control = new ControllerControl(base);
  const orders = new StoreOrders({ store, claims, ambient });
  const hooks = hooksOf(observer);
  const runner = createRunner({ ...base, control, orders, turns: cluster, hooks });
  const upkeep = [sourceSweeps(base), new ExecutionSweeps(base), scrubs];
  const stopping = new AbortController();
  let isReady = false;
  const service = new StoreControllerService({
    ...base,
    ...state.shown,
    supervisor,
    control,
    runner,
    isTakenUp: () => isReady,
    stopping: stopping.signal,
  });
  const stop = once(async () => {
    isReady = false;
    stopping.abort();
    await Promise.all([runner, supervisor, ...upkeep].map((each) => each.stop()));
    await close();
    await state.stop();
    log.info('controller stopped');
  });
  return Object.freeze({
    service,
    failure,
    stop,
    start: async () => {
      await state.start();
      // A failover that was broken off comes before replication.
      await runner.begin();
      for (const each of [supervisor, ...upkeep]) each.start();
      isReady = true;
      log.info('controller started', { regions: sites.names, dataDir: config.dataDir });
    },
  });
}

function sourceSweeps(deps: Omit<SourceSweepDeps, 'installation'>): SourceSweeps {
  const { store, ambient } = deps;
  const installation = async () => (await identityOf(store, ambient)).installation;
  return new SourceSweeps({ ...deps, installation });
}

function systemAmbient(config: Config): Ambient {
  return Object.freeze({
    clock: systemClock,
    random: systemRandom,
    log: createLog(config.log.level),
  });
}

function firstFailure(log: Log) {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const fail = (error: unknown) => {
    log.error('the controller cannot go on', { error });
    resolve(error);
  };
  return { failure: promise, fail };
}

function hooksOf(observer: Observer): RunnerHooks {
  return {
    onStep: ({ mode, type, result, seconds }) =>
      observer.stepEnded({ mode, step: type, state: result, seconds }),
    onEnd: ({ group, mode, result }) => observer.executionEnded({ group, mode, result }),
  };
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= work());
}
