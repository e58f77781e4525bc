import { expect } from 'chai';

import type { PointManifest } from '../../../replicator/point/types.ts';
import type { VolumeCopy } from '../../../replicator/volume/types.ts';
import { corruptObject } from '../swift-disk.ts';
import { volumeSha256, writeVolume } from '../volumes.ts';
import { points, runRunbook, type Scene, sync, tellExecution } from './scene.ts';

const group = 'partly';
const mib = 1024 * 1024;

/**
 * A volume and a container; the volume's third backup is a full one. A chunk of that is altered on the
 * disks of west's Swift: the newest point has the container still, an older one the volume.
 */
export async function damagedBase(scene: Scene): Promise<void> {
  const [east, west] = [scene.lab.region('east'), scene.lab.region('west')];
  const volume = (await east.python(
    `v = cinder().volumes.create(1, name="${group}"); wait(lambda: cinder().volumes.get(v.id)); result(v.id)`,
  )) as string;
  await east.python(`swift().put_container("${group}"); result(None)`);
  const sums: string[] = [];
  for (let round = 1; round <= 3; round += 1) {
    await east.python(`swift().put_object("${group}", "of-round", "${round}"); result(None)`);
    await writeVolume(east, volume, round * 8 * mib, { randomMiB: 6, seed: 200 + round });
    sums.push(await volumeSha256(east, volume));
    if (round === 1) await applyGroup(scene);
    await sync(scene, group, `${group} session ${round}`);
  }
  const [newest, older] = await points(scene, group);
  await damageBase(scene, newest!.id);
  const verified = await scene.farshore.cli('point', 'verify', group);
  expect(verified.code, verified.stdout).to.equal(1);
  // The group's first session may have begun by itself, and made one more of the first round.
  const states = (await points(scene, group)).slice(0, 3).map(({ state }) => state);
  expect(states).to.deep.equal(['partial', 'proven', 'proven']);

  const resource = ['--older', older!.id, '--resource', `volume/${group}`];
  const reason = ['--reason', 'its base is damaged in the newest point'];
  const { cli, execution } = await runRunbook(scene, 'failover', group, ...resource, ...reason);
  tellExecution(scene, 'failover, the volume from the older chain', execution);
  expect(cli.code, `${cli.stderr}${cli.stdout}`).to.equal(0);
  expect(execution).to.include({ result: 'succeeded', point: newest!.id });
  const found = (await west.python(
    `result({"text": swift().get_object("${group}", "of-round")[1].decode(), "volumes": [v.id for v in cinder().volumes.list() if v.name == "${group}"]})`,
  )) as { readonly text: string; readonly volumes: readonly string[] };
  expect(found.text).to.equal('3');
  expect(found.volumes).to.have.length(1);
  expect(await volumeSha256(west, found.volumes[0]!)).to.equal(sums[1]);
}

async function applyGroup(scene: Scene): Promise<void> {
  const { code, stderr } = await scene.farshore.apply(
    {
      kind: 'policy',
      name: `${group}-policy`,
      objectives: { rpo: '2h', rto: '1h' },
      schedule: { every: '1h' },
      retention: { last: 10 },
      target: 'west',
      volumes: { maxIncrementals: 1 },
    },
    {
      kind: 'group',
      name: group,
      policy: `${group}-policy`,
      source: { region: 'east', project: 'demo' },
      members: [{ volume: group }, { container: group }],
    },
  );
  expect(code, stderr).to.equal(0);
}

async function damageBase(scene: Scene, point: string): Promise<void> {
  const shown = ['point', 'show', group, point] as const;
  const { manifest } = await scene.farshore.json<{ manifest: PointManifest }>(...shown);
  const copy = manifest.copies.find(({ kind }) => kind === 'volume') as VolumeCopy;
  expect(copy.chain, 'a base of its own').to.have.length(1);
  const west = scene.lab.region('west');
  const account = (await west.python('result(swift().get_auth()[0].split("/")[-1])')) as string;
  const [{ container, prefix }] = copy.chain as [VolumeCopy['chain'][number]];
  const object = `${prefix}-00001`;
  const files = await corruptObject(scene.lab, 'west', { account, container, object }, 'alter');
  scene.say(`altered: ${object} (${files} files)`);
}
