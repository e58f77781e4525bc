import type { CloudConfig } from './identity/cloud-config.ts';

/** What `openRegion` needs to know of one region; the controller makes it from its configuration. */
export interface RegionConfig {
  /** The name that Farshore's users give it. */
  readonly name: string;
  /** From `loadClouds(…).get(entry)`. */
  readonly cloud: CloudConfig;
  /** The region's name in Keystone's catalogue: `cloud.regionName` unless the operator chose another. */
  readonly regionName: string;
  /** Regions with the same value share one Swift cluster; the region's own name unless stretched. */
  readonly swiftCluster: string;
  /**
   * At most this many JSON calls, and as many bulk transfers, under way at once for each service of
   * the region, over all projects together.
   */
  readonly maxCalls: number;
  /** How far listings may be behind what was acknowledged; the usual few seconds unless told. */
  readonly listingLagMs?: number | undefined;
}

/** What finds its own optimum (a container's objects) is stopped by this where the distance asks for more. */
export const defaultMaxCalls = 32;
