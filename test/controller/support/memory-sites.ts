import { FarshoreError } from '../../../kernel/errors.ts';
import { silentLog } from '../../../kernel/log.ts';
import { systemClock } from '../../../kernel/clock.ts';
import { systemRandom } from '../../../kernel/random.ts';
import type { ProjectScope, Region } from '../../../regions/region.ts';
import { createBank } from '../../../replicator/bank/swift-bank.ts';
import type { Identity } from '../../../replicator/bank/identity.ts';
import type { Sites } from '../../../controller/sites.ts';
import { notFound } from '../../../controller/state/refusals.ts';
import { MemoryBlockStorage } from '../../support/memory/block-storage.ts';
import { MemoryImageService } from '../../support/memory/image-service.ts';
import { MemoryObjectStore } from '../../support/memory/object-store.ts';
import { testIdentity } from '../../support/identity.ts';

interface MemoryProject extends ProjectScope {
  readonly objectStore: MemoryObjectStore;
  readonly blockStorage: MemoryBlockStorage;
  readonly images: MemoryImageService;
}

/** A region in memory with the one project `demo`, whose id is `p1`. */
export class MemoryRegion implements Region {
  readonly name: string;
  readonly swiftCluster: string;
  readonly demo: MemoryProject;
  readonly clockAheadMs = 0;
  isDown = false;

  constructor(name: string, info?: Readonly<Record<string, unknown>>) {
    this.name = name;
    this.swiftCluster = name;
    const objectStore = new MemoryObjectStore(info === undefined ? {} : { info });
    this.demo = {
      region: name,
      projectId: 'p1',
      projectName: 'demo',
      userId: 'u1',
      objectStore,
      blockStorage: new MemoryBlockStorage(objectStore, name),
      images: new MemoryImageService(),
    };
  }

  home(): Promise<ProjectScope> {
    return this.project('demo');
  }

  project(nameOrId: string): Promise<ProjectScope> {
    if (this.isDown) return Promise.reject(failure('region.unreachable', 'transient', this.name));
    if (nameOrId === 'demo' || nameOrId === this.demo.projectId) return Promise.resolve(this.demo);
    return Promise.reject(failure('identity.project-unknown', 'permanent', nameOrId));
  }

  probe(): Promise<[]> {
    return Promise.resolve([]);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function failure(code: string, kind: 'transient' | 'permanent', subject: string): FarshoreError {
  return new FarshoreError('it is not there', { code, kind, operation: 'open project', subject });
}

export function memorySites(
  regions: readonly MemoryRegion[],
  spoolDir: string,
  identity: Identity = testIdentity(),
): Sites {
  const find = (name: string): MemoryRegion => {
    const found = regions.find((region) => region.name === name);
    if (found === undefined) throw notFound('region', name);
    return found;
  };
  const ambient = { clock: systemClock, random: systemRandom, log: silentLog };
  return {
    names: regions.map(({ name }) => name),
    region: find,
    bankOf: () => ({ container: 'farshore' }),
    bank: async (name) => {
      const { objectStore } = await find(name).home();
      return createBank({
        store: objectStore,
        container: 'farshore',
        identity,
        spoolDir,
        ambient,
      });
    },
  };
}
