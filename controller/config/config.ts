import type { RegionConfig } from '../../regions/region-config.ts';
import type { RaftConfig } from './raft-config.ts';
import type { ConfigFile } from './schema.ts';

export interface RegionSettings extends RegionConfig {
  /** Where the bank lies in this region's Swift; the project of the credentials unless named. */
  readonly bank: { readonly project?: string | undefined; readonly container: string };
}

/** The whole configuration, checked and frozen. Its clouds hold passwords: never log it. */
export interface Config {
  /** The file that it was read from. */
  readonly file: string;
  /** Absolute. */
  readonly dataDir: string;
  /** A loopback address. */
  readonly api: { readonly host: string; readonly port: number };
  readonly log: ConfigFile['log'];
  /** How much is under way at once: sessions, and resources within a session. */
  readonly limits: ConfigFile['limits'];
  /** Empty only for a witness. */
  readonly regions: ReadonlyMap<string, RegionSettings>;
  /** Absent: a single controller, with its state on its own disk. */
  readonly raft?: RaftConfig;
}
