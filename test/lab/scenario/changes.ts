import { punchHole, writeVolume, zeroVolume } from '../volumes.ts';
import type { Dataset } from './dataset.ts';
import type { Scene } from './scene.ts';

const mib = 1024 * 1024;

/** What the volumes hold before the first session: 300 MiB in one, 40 MiB in another, nothing in the third. */
export async function fillVolumes({ lab }: Scene, { volumes }: Dataset): Promise<void> {
  const east = lab.region('east');
  await writeVolume(east, volumes.data, 5 * mib, { randomMiB: 300, seed: 1 });
  await writeVolume(east, volumes.ledger, 0, { randomMiB: 40, seed: 2 });
}

/** Three rounds of changes, one before each incremental: overwritten, zeroed, trimmed. */
export const ledgerRounds: readonly ((scene: Scene, dataset: Dataset) => Promise<void>)[] = [
  async ({ lab }, { volumes }) =>
    writeVolume(lab.region('east'), volumes.ledger, 8 * mib + 4096, { randomMiB: 4, seed: 3 }),
  async ({ lab }, { volumes }) => zeroVolume(lab.region('east'), volumes.ledger, 16 * mib, 4),
  async ({ lab }, { volumes }) => {
    await punchHole(lab.region('east'), volumes.ledger, 24 * mib, 4 * mib);
    await writeVolume(lab.region('east'), volumes.ledger, 500 * mib, { randomMiB: 2, seed: 4 });
  },
];

/** Overwrites, deletes, adds objects and changes metadata alone, with the ordinary client. */
export async function changeObjects({ lab }: Scene, prefix: string, round: number): Promise<void> {
  const script = `
s, name, r = swift(), "${prefix}-docs", ${round}
for i in range(10):
    s.put_object(name, f"orders/{i:02d}/{i:05d}.txt", f"changed in round {r}")
    s.delete_object(name, f"orders/{(20 * r + i) % 20:02d}/{20 * r + i + 20:05d}.txt")
    s.put_object(name, f"new/{r}/{i}", b"new" * i)
s.post_object(name, "zero", {"X-Object-Meta-Round": str(r), "Content-Type": "text/x-round"})
result(True)`;
  await lab.region('east').python(script);
}

/** More to ship than an instant's worth: new bytes in a volume and new objects. */
export async function makeWork(scene: Scene, dataset: Dataset, seed: number): Promise<void> {
  const east = scene.lab.region('east');
  await writeVolume(east, dataset.volumes.data, 400 * mib, { randomMiB: 120, seed });
  const script = `
import random
s, rng = swift(), random.Random(${seed})
for i in range(150):
    s.put_object("${dataset.prefix}-docs", f"work/${seed}/{i}", rng.randbytes(20000))
result(True)`;
  await east.python(script);
}
