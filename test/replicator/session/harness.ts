import type { Ambient } from '../../../kernel/ambient.ts';
import { silentLog } from '../../../kernel/log.ts';
import { noProgress } from '../../../kernel/progress.ts';
import type { ProjectScope } from '../../../regions/region.ts';
import { createBank } from '../../../replicator/bank/swift-bank.ts';
import type { Bank } from '../../../replicator/bank/bank.ts';
import type { ResourceRef } from '../../../replicator/mover.ts';
import type { Retention } from '../../../replicator/policy.ts';
import { type Exemptions, noExemptions } from '../../../replicator/retention/decide.ts';
import { newSession } from '../../../replicator/session/new-session.ts';
import { runSession, type SessionDeps } from '../../../replicator/session/runner.ts';
import type { Session } from '../../../replicator/session/types.ts';
import { MemoryLedger } from '../../support/memory/ledger.ts';
import { MemoryWorld } from '../../support/memory/movers.ts';
import { MemoryObjectStore } from '../../support/memory/object-store.ts';
import { SkippingClock } from '../../support/skipping-clock.ts';
import { testIdentity } from '../../support/identity.ts';

export const volume: ResourceRef = { kind: 'volume', id: 'v-1', name: 'data' };
export const image: ResourceRef = { kind: 'image', id: 'i-1', name: 'base' };
export const container: ResourceRef = { kind: 'container', id: 'photos', name: 'photos' };
export const resources = [volume, image, container];

const keepTwo: Retention = { last: 2, hourly: 0, daily: 0, weekly: 0, monthly: 0 };

/** Two regions, a bank on a Swift in memory, a ledger: all that a session of group `shop` touches. */
export class Harness {
  readonly clock = new SkippingClock();
  readonly ledger = new MemoryLedger();
  readonly world = new MemoryWorld(this.clock);
  readonly store = new MemoryObjectStore();
  readonly held = new Set<string>();
  readonly bank: Bank;
  readonly ambient: Ambient;
  retention = keepTwo;
  exemptions: Exemptions = noExemptions;
  /** What the regions' answers say of the clock. */
  clockAheadMs = 0;
  #ids = 0;

  constructor() {
    const random = {
      next: () => 0.5,
      id: () => (++this.#ids).toString(16).padStart(4, '0').padEnd(16, '0'),
    };
    this.ambient = { clock: this.clock, random, log: silentLog };
    this.bank = createBank({
      identity: testIdentity(),
      store: this.store,
      container: 'farshore',
      spoolDir: '/tmp',
      ambient: this.ambient,
      attempts: 1,
    });
    for (const { kind, id } of resources) this.write(`${kind}/${id}`, 'first content');
  }

  write(key: string, content: string): void {
    this.world.source.set(key, content);
  }

  async claim(members: readonly ResourceRef[] = resources): Promise<Session> {
    await this.clock.sleep(60_000);
    const order = {
      group: 'shop',
      generation: 1,
      sourceRegion: 'east',
      targetRegion: 'west',
      resources: members,
    };
    const session = newSession(order, this.ambient, await this.ledger.session('shop'));
    await this.ledger.saveSession(session);
    return session;
  }

  deps(changes: Partial<SessionDeps> = {}): SessionDeps {
    const { world, ledger, ambient, retention, bank } = this;
    return {
      ledger,
      movers: world.movers,
      ambient,
      retention,
      exemptions: () => Promise.resolve(this.exemptions),
      changeLimitPercent: 50,
      clockAheadMs: () => this.clockAheadMs,
      openContext: async (_session, signal) => {
        await bank.requireOwned(signal);
        return {
          source: scope('east'),
          target: scope('west'),
          bank,
          sharedSwift: false,
          mappings: {},
          options: { volume: { maxIncrementals: 7 } },
          spoolDir: '/tmp',
        };
      },
      progressOf: () => noProgress,
      held: (_group, point) => Promise.resolve(this.held.has(point)),
      shipAtOnce: 2,
      attempts: 3,
      signal: new AbortController().signal,
      ...changes,
    };
  }

  /** Claims a session and runs it to its end. */
  async protect(): Promise<Session> {
    return await runSession(await this.claim(), this.deps());
  }

  /** What the secondary and the store hold, for comparing one end with another. */
  async end(): Promise<unknown> {
    const points = await this.ledger.points('shop');
    const session = await this.ledger.session('shop');
    const manifests: string[] = [];
    for await (const row of this.store.list('farshore')) manifests.push(row.name);
    return {
      phase: session?.phase,
      points: points.map(({ id, state, objects, checked }) => [id, state, objects, checked.depth]),
      manifests,
      secondary: [...this.world.secondary].toSorted(),
      movedBytes: this.world.movedBytes,
    };
  }
}

/** Nothing of a session reaches past the movers to the services themselves. */
function scope(region: string): ProjectScope {
  return { region, projectId: region, projectName: region, userId: region } as ProjectScope;
}
