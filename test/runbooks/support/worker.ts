import { StoreCluster } from '../../../controller/cluster/store-cluster.ts';
import { StoreJournal } from '../../../controller/state/journal.ts';
import { StoreOrders } from '../../../controller/state/orders.ts';
import type { Ambient } from '../../../kernel/ambient.ts';
import type { Control } from '../../../runbooks/control.ts';
import { createRunner } from '../../../runbooks/execution/executor.ts';
import type { RunnerHooks } from '../../../runbooks/execution/parts.ts';
import type { Runner } from '../../../runbooks/runner.ts';
import type { MemoryStore } from '../../controller/support/memory-store.ts';
import { type Around, WatchedStore } from './watched-store.ts';

export interface WorkerOptions {
  readonly store: MemoryStore;
  readonly control: Control;
  readonly ambient: Ambient;
  /** Null: a witness, which carries out nothing. */
  readonly region?: string | null;
  readonly around?: Around;
  readonly hooks?: RunnerHooks;
}

/** A controller as far as executions go: the real cluster, journal and runner over a store in memory. */
export class Worker {
  readonly store: WatchedStore;
  readonly cluster: StoreCluster;
  readonly journal: StoreJournal;
  readonly runner: Runner;
  /** Resolves when it is among the others and has taken up what is its turn. */
  readonly ready: Promise<void>;

  constructor({ store, control, ambient, region = 'west', ...rest }: WorkerOptions) {
    this.store = new WatchedStore(store, rest.around ?? (() => undefined));
    const place = { site: region ?? 'witness', region, version: 'test' };
    this.cluster = new StoreCluster({ store: this.store, ambient, place, leaseTtlMs: 10_000 });
    const { claims } = this.cluster;
    const parts = { store: this.store, claims, ambient };
    this.journal = new StoreJournal({ ...parts, site: place.site });
    this.runner = createRunner({
      control,
      journal: this.journal,
      orders: new StoreOrders(parts),
      claims,
      turns: this.cluster,
      ambient,
      hooks: rest.hooks ?? {},
    });
    this.ready = this.cluster.start().then(() => this.runner.begin());
    this.ready.catch(() => undefined); // Whoever awaits it has it; one that was killed first has nobody.
  }

  /** An orderly end: what it carried out is another's to take. */
  async stop(): Promise<void> {
    await this.runner.stop();
    await this.cluster.stop();
  }

  /** kill -9, and its lease has run out. */
  kill(): void {
    this.store.die();
  }
}
