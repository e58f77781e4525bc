import type { Ambient } from '../../kernel/ambient.ts';

/** `separate`: a Keystone and a Swift per region. `stretched`: both shared over the regions. */
export type Topology = 'separate' | 'stretched';
export type RegionName = 'east' | 'west';

/** `alter` flips a byte, `truncate` cuts the end off, `delete` removes the file. */
export type Damage = 'alter' | 'truncate' | 'delete';

export interface ObjectPath {
  /** As in the object's URL, `AUTH_<project id>`. */
  readonly account: string;
  readonly container: string;
  readonly object: string;
}

/** Bytes that a seed reproduces in this environment. */
export interface RandomBytes {
  readonly randomMiB: number;
  readonly seed: number;
}

/** How much is made of things whose amount proves nothing but endurance. */
export interface Scale {
  readonly objects: number;
  readonly imageMiB: number;
  readonly volumeMiB: number;
  /** Whole volumes are read and restored of each kind, and not of one alone. */
  readonly isEveryVolumeRead: boolean;
  /** How long a region is away that comes back. */
  readonly outageMs: number;
  /** Of a process that holds no region itself, so that what it takes says something. */
  readonly isMemoryMeasured: boolean;
}

/**
 * A region with users `admin` (role admin on projects `admin` and `demo`) and `demo` (member of
 * `demo`), password `secret`, domain `default`; and what only those can do who own its machines.
 */
export interface RegionUnderTest {
  /** In the catalogue. A suite calls it by its part, which may be the other. */
  readonly name: RegionName;
  /** What serves Swift's interface there. */
  readonly objectStore: 'swift' | 'ceph-rgw';
  /** Keystone's; ends in `/v3`. */
  readonly authUrl: string;

  /** Writes into a volume beneath Cinder, as a server that has it attached would. */
  writeVolume(id: string, offsetBytes: number, data: Buffer | RandomBytes): Promise<void>;
  /** Makes the range a hole: it reads as zeros and takes no space, as after a discard. */
  punchHole(id: string, offsetBytes: number, lengthBytes: number): Promise<void>;
  /** Of all the bytes that the volume has now. */
  volumeSha256(id: string): Promise<string>;
  /** On disk, where Swift's listings and replicas know nothing of it. */
  damageObject(path: ObjectPath, damage: Damage): Promise<void>;
  /** On disk, where Glance's database knows nothing of it. */
  damageImage(id: string, damage: Damage): Promise<void>;

  /** Nobody reaches the region any more; what goes on inside goes on. */
  cut(): Promise<void>;
  /** Reaches it again, and waits until it answers. */
  heal(): Promise<void>;
  /** Of the tokens that are issued from now on; null: as it was. */
  setTokenLifetime(seconds: number | null): Promise<void>;
}

/** Two regions that a suite of the contract runs on. */
export interface Environment {
  readonly topology: Topology;
  readonly ambient: Ambient;
  readonly scale: Scale;
  /** The volume type that both regions have. */
  readonly volumeType: string;
  readonly regions: Readonly<Record<RegionName, RegionUnderTest>>;
  /** A figure that a reader of the run wants to see. */
  say(text: string): void;
  close(): Promise<void>;
}

/** Declares its tests; the environment is there once they run. */
export type Suite = (environment: () => Environment) => void;
