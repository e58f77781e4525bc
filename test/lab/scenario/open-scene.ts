import { Lab } from '../lab.ts';
import type { Topology } from '../topology.ts';
import { Farshore } from './farshore.ts';
import type { Scene } from './scene.ts';

/** A fresh lab of this name (what an earlier run left would be compared too) and a controller for it. */
export async function openScene(
  name: string,
  topology: Topology,
  say: (text: string) => void,
): Promise<Scene> {
  await Lab.down(name);
  const started = Date.now();
  const lab = await Lab.up({ name, topology, say });
  say(`lab up after ${Math.round((Date.now() - started) / 1000)} s`);
  return { lab, farshore: await Farshore.create(lab), say };
}
