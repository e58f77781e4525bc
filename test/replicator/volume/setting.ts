import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import type { Ambient } from '../../../kernel/ambient.ts';
import { silentLog } from '../../../kernel/log.ts';
import type { ProjectScope } from '../../../regions/region.ts';
import { createBank } from '../../../replicator/bank/swift-bank.ts';
import type {
  Finding,
  Memo,
  ResourceRef,
  RestoreOrder,
  SessionContext,
} from '../../../replicator/mover.ts';
import { createVolumeMover } from '../../../replicator/volume/mover.ts';
import type { VolumeCopy } from '../../../replicator/volume/types.ts';
import { MemoryBlockStorage } from '../../support/memory/block-storage.ts';
import { MemoryImageService } from '../../support/memory/image-service.ts';
import { MemoryObjectStore } from '../../support/memory/object-store.ts';
import { SkippingClock } from '../../support/skipping-clock.ts';
import { testIdentity } from '../../support/identity.ts';

const mib = 1024 * 1024;

class MapMemo implements Memo {
  readonly map = new Map<string, string>();
  get(key: string): string | undefined {
    return this.map.get(key);
  }
  set(key: string, value: string): Promise<void> {
    this.map.set(key, value);
    return Promise.resolve();
  }
}

/** Bytes that differ by seed, do not repeat, and are the same in every run. */
export function noise(length: number, seed: string): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < length; at += 64)
    pieces.push(createHash('sha512').update(`${seed}${at}`).digest());
  return Buffer.concat(pieces).subarray(0, length);
}

/** Two regions with a volume of 1 MiB in the east, and the mover between them. */
export class Setting {
  readonly eastStore = new MemoryObjectStore({ account: 'AUTH_east' });
  readonly westStore: MemoryObjectStore;
  readonly east: MemoryBlockStorage;
  readonly west: MemoryBlockStorage;
  readonly westImages = new MemoryImageService();
  readonly clock = new SkippingClock();
  readonly ambient: Ambient;
  readonly mover: ReturnType<typeof createVolumeMover>;
  readonly spoolDir = mkdtempSync(join(tmpdir(), 'farshore-volume-'));
  readonly sharedSwift: boolean;
  tally = { moved: 0, objects: 0, copied: 0, present: 0 };
  volume!: ResourceRef;

  constructor(options: { readonly sharedSwift?: boolean } = {}) {
    this.sharedSwift = options.sharedSwift === true;
    this.westStore = this.sharedSwift
      ? this.eastStore
      : new MemoryObjectStore({ account: 'AUTH_west' });
    this.east = new MemoryBlockStorage(this.eastStore, 'east');
    this.west = new MemoryBlockStorage(this.westStore, 'west');
    this.west.upload = (_volume, disk, name) => {
      const id = `image of ${name}`;
      this.westImages.add(id, Buffer.from(disk.bytes), { name });
      return id;
    };
    this.ambient = {
      clock: this.clock,
      random: { next: () => 0.5, id: () => '0123456789abcdef' },
      log: silentLog,
    };
    this.mover = createVolumeMover({ ambient: this.ambient });
  }

  async open(): Promise<this> {
    const made = await this.east.createVolume({
      name: 'ledger',
      description: 'of the shop',
      sizeGib: 1 / 1024,
      metadata: { colour: 'blue' },
    });
    await this.east.getVolume(made.id);
    this.volume = { kind: 'volume', id: made.id, name: 'ledger' };
    this.write(0, noise(mib / 2, 'first'));
    return this;
  }

  close(): void {
    rmSync(this.spoolDir, { recursive: true });
  }

  write(offset: number, data: Buffer): void {
    data.copy(this.disk, offset);
  }

  get disk(): Buffer {
    return this.east.volumes.get(this.volume.id)!.disk.bytes;
  }

  session(sessionId: string, isResumed = false): SessionContext {
    this.tally = { moved: 0, objects: 0, copied: 0, present: 0 };
    return {
      group: 'shop',
      sessionId,
      isResumed,
      source: this.#scope('east'),
      target: this.#scope('west'),
      bank: createBank({
        identity: testIdentity(),
        store: this.westStore,
        container: 'bank',
        spoolDir: this.spoolDir,
        ambient: this.ambient,
      }),
      sharedSwift: this.sharedSwift,
      mappings: { volumeTypes: { default: 'gold' } },
      options: { volume: { maxIncrementals: 3 } },
      spoolDir: this.spoolDir,
      progress: {
        expect: () => undefined,
        present: ({ objects = 0 }) => void (this.tally.present += objects),
        copied: ({ objects = 0 }) => void (this.tally.copied += objects),
        moved: ({ bytes = 0, objects = 0 }) => {
          this.tally.moved += bytes;
          this.tally.objects += objects;
        },
      },
      signal: new AbortController().signal,
    };
  }

  /** One whole pass: capture, ship, tidy. */
  async protect(
    sessionId: string,
    copy: VolumeCopy | null = null,
    damage: readonly Finding[] = [],
  ): Promise<VolumeCopy> {
    const session = this.session(sessionId);
    const capture = await this.mover.capture(this.volume, session);
    const made = await this.mover.ship(capture, copy && { copy, damage }, session);
    await this.mover.tidy(made, session);
    return made;
  }

  async problems(copy: VolumeCopy, depth: 'listing' | 'content' = 'content'): Promise<string[]> {
    const found = await this.mover.verify(copy, depth, this.session('verify'));
    return found.findings.map(({ problem }) => problem);
  }

  /** Names of the objects below a backup's prefix in the west. */
  names(copy: VolumeCopy, index: number): string[] {
    const { container, prefix } = copy.chain[index]!;
    const all = [...this.westStore.stored.get(container)!.current.keys()];
    return all.filter((name) => name.startsWith(prefix)).sort();
  }

  /** Damages an object in the west beneath Swift, whose listing does not know; what it returns undoes it. */
  alter(copy: VolumeCopy, name: string, change: (body: Buffer) => Buffer): () => void {
    const { current } = this.westStore.stored.get(copy.chain[0]!.container)!;
    const link = current.get(name)!;
    const body = change(Buffer.from(link.stored.body));
    current.set(name, { ...link, stored: { ...link.stored, body } });
    return () => void current.set(name, link);
  }

  #scope(region: 'east' | 'west'): ProjectScope {
    return {
      region,
      projectId: this.sharedSwift ? 'both' : region,
      projectName: 'demo',
      userId: `${region}-user`,
      objectStore: region === 'east' ? this.eastStore : this.westStore,
      blockStorage: this[region],
      images: this.westImages,
    };
  }
}

export function order(mode: 'drill' | 'failover'): RestoreOrder & { readonly memo: MapMemo } {
  return {
    executionId: 'e1',
    mode,
    scratch: 'farshore-drill-e1',
    memo: new MapMemo(),
    restored: () => undefined,
  };
}
