import type { Region } from '../region.ts';
import { writeVolume } from '../volumes.ts';

export const group = 'shop';
/** From the start of one session to the start of the next. */
export const everySeconds = 30;

/** A volume, an image and the two containers that a fingerprint looks for: seconds to move, not minutes. */
const script = `
import io, random
rng = random.Random(4)
c, g, s = cinder(), glance(), swift()
v = c.volumes.create(1, name="shop-data", description="orders", metadata={"tier": "gold"})
wait(lambda: c.volumes.get(v.id))
i = g.images.create(name="shop-base", disk_format="raw", container_format="bare", os_distro="debian")
g.images.upload(i.id, io.BytesIO(rng.randbytes(4 << 20)))
for suffix, count in (("docs", 100), ("media", 5)):
    s.put_container("shop-" + suffix)
    for n in range(count):
        s.put_object("shop-" + suffix, f"{n:03d}.bin", rng.randbytes(2000), headers={"X-Object-Meta-Number": str(n)})
result(v.id)`;

/** Gives the volume's id. */
export async function makeShop(region: Region): Promise<string> {
  const volume = (await region.python(script)) as string;
  await writeVolume(region, volume, 5 << 20, { randomMiB: 40, seed: 1 });
  return volume;
}

/** More than a session ships in an instant. */
export async function doBusiness(region: Region, volume: string): Promise<void> {
  await writeVolume(region, volume, 100 << 20, { randomMiB: 120, seed: 2 });
  await region.python(`
import random
s, rng = swift(), random.Random(5)
for n in range(200):
    s.put_object("shop-docs", f"later/{n:03d}.bin", rng.randbytes(20000))
result(True)`);
}

export const documents: readonly object[] = [
  {
    kind: 'policy',
    name: 'shop-policy',
    objectives: { rpo: '10m', rto: '10m' },
    schedule: { every: `${everySeconds}s` },
    retention: { last: 5 },
    target: 'west',
  },
  {
    kind: 'group',
    name: group,
    policy: 'shop-policy',
    source: { region: 'east', project: 'demo' },
    target: { project: 'demo' },
    members: [
      { volumes: { name: 'shop-*' } },
      { images: { name: 'shop-*' } },
      { container: 'shop-docs' },
      { container: 'shop-media' },
    ],
  },
];
