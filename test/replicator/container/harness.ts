import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ambient } from '../../../kernel/ambient.ts';
import { silentLog } from '../../../kernel/log.ts';
import { noProgress, type Progress } from '../../../kernel/progress.ts';
import { systemRandom } from '../../../kernel/random.ts';
import type { ProjectScope } from '../../../regions/region.ts';
import { createBank } from '../../../replicator/bank/swift-bank.ts';
import { createContainerMover } from '../../../replicator/container/mover.ts';
import type { ContainerCopy } from '../../../replicator/container/types.ts';
import type {
  Finding,
  ResourceRef,
  RestoreOrder,
  SessionContext,
  TargetContext,
} from '../../../replicator/mover.ts';
import type { MemoryObjectStore } from '../../support/memory/object-store.ts';
import { SkippingClock } from '../../support/skipping-clock.ts';
import { testIdentity } from '../../support/identity.ts';

export function resource(name: string): ResourceRef {
  return { kind: 'container', id: name, name };
}

export function scope(region: string, store: MemoryObjectStore): ProjectScope {
  return {
    region,
    projectId: store.account,
    projectName: 'demo',
    userId: 'user',
    objectStore: store,
    blockStorage: undefined as never,
    images: undefined as never,
  };
}

/** Two accounts in memory, a bank in the second, and movers that can be thrown away like killed processes. */
export class Harness {
  readonly east: MemoryObjectStore;
  readonly west: MemoryObjectStore;
  readonly clock = new SkippingClock();
  readonly ambient: Ambient = { clock: this.clock, random: systemRandom, log: silentLog };
  readonly dir: string;
  mover: ReturnType<typeof createContainerMover>;

  private constructor(east: MemoryObjectStore, west: MemoryObjectStore, dir: string) {
    this.east = east;
    this.west = west;
    this.dir = dir;
    this.mover = this.newMover();
  }

  static async open(east: MemoryObjectStore, west: MemoryObjectStore): Promise<Harness> {
    return new Harness(east, west, await mkdtemp(join(tmpdir(), 'farshore-container-')));
  }

  async close(): Promise<void> {
    await rm(this.dir, { recursive: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  newMover() {
    return createContainerMover({ ambient: this.ambient, spoolDir: join(this.dir, 'spool') });
  }

  target(progress: Progress = noProgress): TargetContext {
    const { west, east, ambient } = this;
    return {
      group: 'shop',
      target: scope('west', west),
      bank: createBank({
        identity: testIdentity(),
        store: west,
        container: 'farshore',
        spoolDir: join(this.dir, 'bank'),
        ambient,
      }),
      sharedSwift: west === east,
      progress,
      signal: new AbortController().signal,
    };
  }

  session(sessionId: string, more: Partial<SessionContext> = {}): SessionContext {
    return {
      ...this.target(),
      sessionId,
      source: scope('east', this.east),
      isResumed: false,
      mappings: {},
      options: { volume: { maxIncrementals: 5 } },
      spoolDir: join(this.dir, 'sessions', sessionId),
      ...more,
    };
  }

  async protect(
    container: string,
    sessionId: string,
    previous: ContainerCopy | null = null,
    more: Partial<SessionContext> & { readonly damage?: readonly Finding[] } = {},
  ): Promise<ContainerCopy> {
    const session = this.session(sessionId, more);
    const capture = await this.mover.capture(resource(container), session);
    const before = previous === null ? null : { copy: previous, damage: more.damage ?? [] };
    const copy = await this.mover.ship(capture, before, session);
    return JSON.parse(JSON.stringify(copy)) as ContainerCopy;
  }

  /** Fails over to the copy, and gives what users find. */
  async restored(copy: ContainerCopy, order = this.order('failover')) {
    const { notes } = await this.mover.restore(copy, order, this.target());
    return { notes, contents: await contents(this.west, copy.container) };
  }

  readonly contents = (store: MemoryObjectStore, container: string) => contents(store, container);

  order(mode: RestoreOrder['mode']): RestoreOrder {
    return {
      executionId: 'e1',
      mode,
      scratch: 'farshore-drill-e1',
      memo: { get: () => undefined, set: () => Promise.resolve() },
      restored: () => undefined,
    };
  }
}

/** What a reader of the container sees: bytes, type and metadata under each name. */
export async function contents(
  store: MemoryObjectStore,
  container: string,
): Promise<Readonly<Record<string, string>>> {
  const seen: Record<string, string> = {};
  for await (const { name } of store.list(container)) {
    const found = await store.get(container, name);
    if (found === null) continue;
    const body = Buffer.concat((await found.body.toArray()) as Buffer[]);
    const own = Object.entries(found.info.headers).filter(([key]) => key.startsWith('x-object-m'));
    seen[name] = `${body.toString('latin1')}|${found.info.contentType}|${JSON.stringify(own)}`;
  }
  return seen;
}
