import type { BlockStorage } from './block-storage/types.ts';
import type { ImageService } from './image/types.ts';
import type { ObjectStore } from './object-store/types.ts';

/** The services of a catalogue that Farshore uses, by their service types. */
export type ServiceType = 'identity' | 'object-store' | 'block-storage' | 'image';

/** One OpenStack region: the services that one Keystone catalogue lists under one region name. */
export interface Region {
  readonly name: string;
  /**
   * Two regions with the same value share one Swift cluster (the stretched topology); by default
   * every region has a cluster of its own.
   */
  readonly swiftCluster: string;
  /** How far listings may be behind what was acknowledged; the usual few seconds unless told. */
  readonly listingLagMs?: number | undefined;
  /** How far this process's wall clock is ahead of the region's, as its newest answer said; 0 where they agree. */
  readonly clockAheadMs: number;
  /** The project of the configured credentials: home of the bank. */
  home(signal?: AbortSignal): Promise<ProjectScope>;
  /**
   * The same credentials, scoped to another project by name or id. Throws `identity.project-unknown`
   * or `identity.right-missing`. Scopes are kept: asking twice costs nothing.
   */
  project(nameOrId: string, signal?: AbortSignal): Promise<ProjectScope>;
  /** One cheap request to each service; never throws. Deadline `timeoutMs` for all of them together. */
  probe(timeoutMs: number, signal?: AbortSignal): Promise<readonly ServiceHealth[]>;
  close(): Promise<void>;
}

export interface ServiceHealth {
  readonly service: ServiceType;
  readonly up: boolean;
  /** Why it is down, on one line; absent when up. */
  readonly reason?: string;
  readonly latencyMs: number;
}

/** What one token can reach: the services of a region within one project. */
export interface ProjectScope {
  readonly region: string;
  readonly projectId: string;
  readonly projectName: string;
  readonly userId: string;
  readonly objectStore: ObjectStore;
  readonly blockStorage: BlockStorage;
  readonly images: ImageService;
}
