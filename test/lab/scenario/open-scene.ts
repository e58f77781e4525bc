import { Lab } from '../lab.ts';
import type { Topology } from '../topology.ts';
import { Farshore } from './farshore.ts';
import type { Scene } from './scene.ts';

/** Ten backups a project, Cinder's default, are soon used up by chains and retention. */
const makeReady = `
c = cinder()
for _ in range(120):
    # Its first heartbeat may come after the API answers; a backup asked for before that fails.
    if [s for s in c.services.list(binary="cinder-backup") if s.state == "up"]:
        break
    time.sleep(0.5)
c.quotas.update(c.client.get_project_id(), backups=500, backup_gigabytes=5000, volumes=100, gigabytes=5000)
result(True)`;

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
  for (const region of lab.regions) await region.python(makeReady);
  return { lab, farshore: await Farshore.create(lab), say };
}
