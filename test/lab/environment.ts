import { systemClock } from '../../kernel/clock.ts';
import { silentLog } from '../../kernel/log.ts';
import { systemRandom } from '../../kernel/random.ts';
import type {
  Damage,
  Environment,
  ObjectPath,
  RandomBytes,
  RegionName,
  RegionUnderTest,
  Suite,
} from '../contract/environment.ts';
import { Lab } from './lab.ts';
import type { Region } from './region.ts';
import { corruptObject } from './swift-disk.ts';
import { servicePorts, testLabName } from './topology.ts';
import { punchHole, volumeSha256, writeVolume } from './volumes.ts';

const usualTokenSeconds = 86_400;

export const ambient = { clock: systemClock, random: systemRandom, log: silentLog };

const imageDamage: Record<Damage, (file: string) => string> = {
  alter: (file) => `printf X | dd of=${file} bs=1 seek=70000 conv=notrunc status=none`,
  truncate: (file) => `truncate -s 100000 ${file}`,
  delete: (file) => `rm ${file}`,
};

class LabRegion implements RegionUnderTest {
  readonly name: RegionName;
  readonly authUrl: string;
  readonly objectStore: 'swift' | 'ceph-rgw';
  readonly #lab: Lab;
  readonly #region: Region;

  constructor(lab: Lab, name: RegionName) {
    this.name = name;
    this.#lab = lab;
    this.#region = lab.region(name);
    this.objectStore = this.#region.objectStore === 'rgw' ? 'ceph-rgw' : 'swift';
    this.authUrl = `http://${this.#region.address}:${servicePorts.keystone}/v3`;
  }

  writeVolume(id: string, offsetBytes: number, data: Buffer | RandomBytes): Promise<void> {
    return writeVolume(this.#region, id, offsetBytes, data);
  }

  punchHole(id: string, offsetBytes: number, lengthBytes: number): Promise<void> {
    return punchHole(this.#region, id, offsetBytes, lengthBytes);
  }

  volumeSha256(id: string): Promise<string> {
    return volumeSha256(this.#region, id);
  }

  async damageObject(path: ObjectPath, damage: Damage): Promise<void> {
    await corruptObject(this.#lab, this.name, path, damage);
  }

  async damageImage(id: string, damage: Damage): Promise<void> {
    const command = imageDamage[damage](`/var/lib/glance/images/${id}`);
    await this.#region.run(['bash', '-c', command]);
  }

  cut(): Promise<void> {
    return this.#lab.cut(this.name);
  }

  heal(): Promise<void> {
    return this.#lab.heal(this.name);
  }

  setTokenLifetime(seconds: number | null): Promise<void> {
    return this.#region.setTokenLifetime(seconds ?? usualTokenSeconds);
  }
}

/** The lab of the tests of one topology: the one that is up, or a new one. It outlives them. */
export function testLab(): Promise<Lab> {
  return Lab.up({ name: testLabName('separate'), topology: 'separate', say: console.log });
}

export async function labEnvironment(): Promise<Environment> {
  return labEnvironmentOf(await testLab());
}

/** Of a lab that is up. Which of its regions is the suite's east and which its west may be said. */
export function labEnvironmentOf(
  lab: Lab,
  parts: Readonly<Record<RegionName, RegionName>> = { east: 'east', west: 'west' },
): Environment {
  return {
    topology: lab.topology,
    ambient,
    scale: {
      objects: 300,
      imageMiB: 192,
      volumeMiB: 300,
      isEveryVolumeRead: true,
      outageMs: 10_000,
      isMemoryMeasured: true,
    },
    volumeType: 'nfs',
    regions: { east: new LabRegion(lab, parts.east), west: new LabRegion(lab, parts.west) },
    say: (text) => console.log(`      ${text}`),
    close: () => Promise.resolve(),
  };
}

/** Declares the suite's tests on the real services. */
export function onLab(suite: Suite): void {
  describe('on real services', () => {
    let environment: Environment;
    before(async () => {
      environment = await labEnvironment();
    });
    after(() => environment.close());
    suite(() => environment);
  });
}
