import { mkdtemp, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../kernel/clock.ts';
import { silentLog } from '../../kernel/log.ts';
import { systemRandom } from '../../kernel/random.ts';
import type { Faults } from '../../regions/embedded/faults/faults.ts';
import { EmbeddedRegion } from '../../regions/embedded/region.ts';
import type {
  Damage,
  Environment,
  ObjectPath,
  RandomBytes,
  RegionName,
  RegionUnderTest,
  Suite,
  Topology,
} from '../contract/environment.ts';
import { lookAtImage } from '../contract/support/image-data.ts';
import { Outsider } from '../contract/support/outsider.ts';
import { briskClock } from '../support/brisk-clock.ts';
import { fileHash, fileOfHash, writeBytes, writeZeros } from './files.ts';

const ambient = { clock: systemClock, random: systemRandom, log: silentLog };
/** The regions' own: what they report as an error is a fault of theirs. */
const inside = { ...ambient, log: { ...silentLog, error: console.error } };
const scale = {
  objects: 200,
  imageMiB: 16,
  volumeMiB: 16,
  isEveryVolumeRead: false,
  outageMs: 500,
  isMemoryMeasured: false,
};
const usualTokenSeconds = 3_600;

class EmbeddedUnderTest implements RegionUnderTest {
  readonly name: RegionName;
  readonly authUrl: string;
  readonly objectStore: 'swift' | 'ceph-rgw';
  readonly #region: EmbeddedRegion;
  readonly #directory: string;
  readonly #imageFiles = new Map<string, string>();

  constructor(
    name: RegionName,
    region: EmbeddedRegion,
    directory: string,
    objectStore: 'swift' | 'ceph-rgw' = 'swift',
  ) {
    this.name = name;
    this.objectStore = objectStore;
    this.authUrl = `${region.url}/v3`;
    this.#region = region;
    this.#directory = directory;
  }

  async writeVolume(id: string, offsetBytes: number, data: Buffer | RandomBytes): Promise<void> {
    await writeBytes(this.#volume(id), offsetBytes, data);
  }

  async punchHole(id: string, offsetBytes: number, lengthBytes: number): Promise<void> {
    await writeZeros(this.#volume(id), offsetBytes, lengthBytes);
  }

  volumeSha256(id: string): Promise<string> {
    return fileHash(this.#volume(id), 'sha256');
  }

  damageObject({ account, container, object }: ObjectPath, damage: Damage): Promise<void> {
    return this.#region.objectStore.damage(account, container, object, damage);
  }

  async damageImage(id: string, damage: Damage): Promise<void> {
    const file = await this.#imageFile(id);
    if (damage === 'alter') await writeBytes(file, 70_000, Buffer.from('X'));
    else if (damage === 'truncate') await truncate(file, 100_000);
    else await rm(file);
  }

  async cut(): Promise<void> {
    this.#region.faults.set({ down: 'refused' });
    await this.#region.settled();
  }

  async heal(): Promise<void> {
    this.#region.faults.set({ down: 'no' });
    await this.#region.settled();
  }

  setTokenLifetime(seconds: number | null): Promise<void> {
    this.#region.faults.set({ tokenLifetimeSeconds: seconds ?? usualTokenSeconds });
    return Promise.resolve();
  }

  #volume(id: string): string {
    const path = this.#region.blockStorage.volumePath(id);
    if (path === undefined) throw new Error(`region ${this.name} has no volume ${id}`);
    return path;
  }

  /** Remembered: once it is damaged, its hash finds it no more. */
  async #imageFile(id: string): Promise<string> {
    const known = this.#imageFiles.get(id);
    if (known !== undefined) return known;
    const outsider = await Outsider.login(this);
    const { image } = await lookAtImage(outsider, id);
    outsider.close();
    const file = await fileOfHash(join(this.#directory, 'image'), String(image['os_hash_value']));
    this.#imageFiles.set(id, file);
    return file;
  }
}

export interface EmbeddedEnvironment extends Environment {
  readonly faults: Readonly<Record<RegionName, Faults>>;
}

export async function embeddedEnvironment(
  topology: Topology = 'separate',
  rgw?: RegionName,
): Promise<EmbeddedEnvironment> {
  const directory = await mkdtemp(join(tmpdir(), 'farshore-embedded-'));
  const of = (name: RegionName): string => join(directory, name);
  const options = (name: RegionName) => ({
    name,
    directory: of(name),
    ambient: inside,
    backupSettings: { chunkBytes: 4 * 1024 ** 2 },
    ...(name === rgw ? { objectStore: 'rgw' as const } : {}),
  });
  const kind = (name: RegionName) => (name === rgw ? 'ceph-rgw' : 'swift');
  const east = await EmbeddedRegion.open(options('east'));
  const shared = topology === 'stretched' ? { stretchedFrom: east } : {};
  const west = await EmbeddedRegion.open({ ...options('west'), ...shared });
  return {
    topology,
    ambient: { ...ambient, clock: briskClock },
    scale,
    volumeType: 'nfs',
    regions: {
      east: new EmbeddedUnderTest('east', east, of('east'), kind('east')),
      west: new EmbeddedUnderTest('west', west, of('west'), kind('west')),
    },
    faults: { east: east.faults, west: west.faults },
    say: () => undefined,
    close: async () => {
      await west.close();
      await east.close();
      await rm(directory, { recursive: true });
    },
  };
}

/** Declares the suite's tests on regions in this process. */
export function onEmbedded(suite: Suite, topology: Topology = 'separate'): void {
  describe(`on embedded regions (${topology})`, () => {
    let environment: Environment;
    before(async () => {
      environment = await embeddedEnvironment(topology);
    });
    after(() => environment.close());
    suite(() => environment);
  });
}

/** The same with the flavour of Ceph's RGW in one of them. */
export function onEmbeddedRgw(rgw: RegionName, suite: Suite): void {
  describe(`on embedded regions, ${rgw} with the flavour of Ceph's RGW`, () => {
    let environment: Environment;
    before(async () => {
      environment = await embeddedEnvironment('separate', rgw);
    });
    after(() => environment.close());
    suite(() => environment);
  });
}
