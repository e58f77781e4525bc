import { createHash } from 'node:crypto';
import type { Ambient } from '../../../kernel/ambient.ts';
import { silentLog } from '../../../kernel/log.ts';
import { noProgress, type Progress } from '../../../kernel/progress.ts';
import type { ProjectScope } from '../../../regions/region.ts';
import type { Bank } from '../../../replicator/bank/bank.ts';
import { createImageMover } from '../../../replicator/image/mover.ts';
import type { ImageCopy } from '../../../replicator/image/types.ts';
import type {
  Previous,
  ResourceRef,
  RestoreOrder,
  SessionContext,
} from '../../../replicator/mover.ts';
import { MemoryImageService } from '../../support/memory/image-service.ts';
import { SkippingClock } from '../../support/skipping-clock.ts';

/** Bytes that differ by seed and are the same in every run. */
export function bytes(length: number, seed = 'a'): Buffer {
  const block = createHash('sha512').update(seed).digest();
  return Buffer.alloc(length, block);
}

export const image: ResourceRef = { kind: 'image', id: 'i1', name: 'debian-12' };

export interface Tally {
  moved: number;
  present: number;
  copied: number;
}

/** Two regions with a Glance each, one image in the source, and a mover between them. */
export class Setting {
  readonly east = new MemoryImageService();
  readonly west: MemoryImageService;
  readonly clock = new SkippingClock();
  readonly mover: ReturnType<typeof createImageMover>;
  readonly tally: Tally = { moved: 0, present: 0, copied: 0 };
  readonly session: SessionContext;
  #made = 0;

  constructor(targetProject = 'p1') {
    this.west = new MemoryImageService(targetProject);
    const ambient: Ambient = {
      clock: this.clock,
      random: { next: () => 0.5, id: () => (this.#made += 1).toString(16).padStart(16, '0') },
      log: silentLog,
    };
    this.mover = createImageMover({ ambient });
    this.session = {
      group: 'shop',
      sessionId: 's1',
      source: scope('east', 'p1', this.east),
      target: scope('west', targetProject, this.west),
      bank: { installation: 'i-1', former: ['i-0'] as readonly string[] } as Bank,
      sharedSwift: false,
      isResumed: false,
      mappings: {},
      options: {},
      spoolDir: '/none',
      progress: this.#progress(),
      signal: new AbortController().signal,
    };
    this.east.add('i1', bytes(20_000), {
      name: 'debian-12',
      visibility: 'shared',
      protected: true,
      minDiskGib: 3,
      tags: ['lts'],
      properties: { os_distro: 'debian', hw_disk_bus: 'scsi' },
    });
    this.east.stored.get('i1')!.members = [
      { memberId: 'p7', status: 'accepted' },
      { memberId: 'p8', status: 'pending' },
    ];
  }

  /** One whole pass. */
  async protect(previous: Previous<ImageCopy> | null = null): Promise<ImageCopy> {
    const capture = await this.mover.capture(image, this.session);
    return this.mover.ship(capture, previous, this.session);
  }

  #progress(): Progress {
    return {
      ...noProgress,
      moved: ({ bytes: moved = 0 }) => (this.tally.moved += moved),
      present: ({ bytes: present = 0 }) => (this.tally.present += present),
      copied: ({ bytes: copied = 0 }) => (this.tally.copied += copied),
    };
  }
}

export function order(mode: RestoreOrder['mode']): RestoreOrder {
  const memo = { get: () => undefined, set: () => Promise.resolve() };
  return { executionId: 'e1', mode, scratch: 'farshore-drill-e1', memo, restored: () => undefined };
}

/** The mover asks a scope for nothing but its images and its project. */
function scope(region: string, projectId: string, images: MemoryImageService): ProjectScope {
  return {
    region,
    projectId,
    projectName: 'demo',
    userId: 'u1',
    images,
  } as Partial<ProjectScope> as ProjectScope;
}
