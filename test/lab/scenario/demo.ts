import { Lab } from '../lab.ts';
import type { Topology } from '../topology.ts';
import { fillVolumes } from './changes.ts';
import { documentsFor, makeDataset } from './dataset.ts';
import { loseEast, protect } from './main-job.ts';
import { openScene } from './open-scene.ts';

const labName = 'farshore-demo';
const objects = 500;

/**
 * The main job as a person watches it: data made with ordinary clients in east, protected, east cut
 * off, failed over, compared. Its lab is removed at the end, whatever that is.
 */
export async function demo(topology: Topology, say: (text: string) => void): Promise<void> {
  say('Two OpenStack regions, east and west, are started (Keystone, Swift, Glance, Cinder).');
  const scene = await openScene(labName, topology, say);
  try {
    say('A shop is set up in east: 3 volumes, 3 images, 2 containers.');
    const shop = await makeDataset(scene.lab.region('east'), 'shop', objects);
    await fillVolumes(scene, shop);
    say('The controller starts, and the shop is protected.');
    await scene.farshore.start();
    const applied = await scene.farshore.apply(...documentsFor(shop.prefix));
    if (applied.code !== 0) throw new Error(applied.stderr);
    await protect(scene, shop);
    await loseEast(scene, shop.prefix);
    say(`The controller's memory was ${await scene.farshore.peakRssMib()} MiB at most.`);
    say('Next: `npm run lab -- up` keeps two regions for your own tries.');
  } finally {
    await scene.farshore.remove();
    await Lab.down(labName);
  }
}
