import { setTimeout as sleep } from 'node:timers/promises';

import { expect } from 'chai';

import type { RecoveryPoint, PointManifest } from '../../../replicator/point/types.ts';
import type { VolumeCopy } from '../../../replicator/volume/types.ts';
import type { Execution } from '../../../runbooks/execution/types.ts';
import type { Damage } from '../../contract/environment.ts';
import { corruptObject } from '../swift-disk.ts';
import { volumeSha256, writeVolume } from '../volumes.ts';
import { points, type Scene, statusOf, sync, tellExecution } from './scene.ts';

const group = 'fragile';
const mib = 1024 * 1024;

/**
 * Four points of a small group; the chunks of the newer three are altered, cut short and deleted on
 * the disks of west's Swift. The controller is killed with -9 in the middle of the restore.
 */
export async function damageScenario(scene: Scene): Promise<void> {
  const east = scene.lab.region('east');
  const volume = (await east.python(
    'v = cinder().volumes.create(1, name="fragile"); wait(lambda: cinder().volumes.get(v.id)); result(v.id)',
  )) as string;
  const sums: string[] = [];
  for (let round = 0; round < 4; round += 1) {
    await writeVolume(east, volume, round * 8 * mib, { randomMiB: 6, seed: 100 + round });
    sums.push(await volumeSha256(east, volume));
    if (round === 0) await applyGroup(scene);
    await sync(scene, group, `fragile session ${round + 1}`);
  }
  // The group's first session may have begun by itself, and made one more of the first round.
  const all = (await points(scene, group)).slice(0, 4);
  const whole = all.at(-1);
  expect(all.length).to.equal(4);
  await damageChunks(scene, all.slice(0, 3).reverse(), ['alter', 'truncate', 'delete']);
  await verifyFindsThem(scene, all[0]);
  await failOverKilled(scene, whole, sums[0] ?? '');
}

async function applyGroup(scene: Scene): Promise<void> {
  const { code, stderr } = await scene.farshore.apply(
    {
      kind: 'policy',
      name: 'fragile-policy',
      objectives: { rpo: '2h', rto: '1h' },
      schedule: { every: '1h' },
      retention: { last: 10 },
      target: 'west',
    },
    {
      kind: 'group',
      name: group,
      policy: 'fragile-policy',
      source: { region: 'east', project: 'demo' },
      members: [{ volume: 'fragile' }],
    },
  );
  expect(code, stderr).to.equal(0);
}

/** One kind of damage to a chunk that each of the points brought. */
async function damageChunks(
  scene: Scene,
  damaged: readonly RecoveryPoint[],
  kinds: readonly Damage[],
): Promise<void> {
  const account = (await scene.lab
    .region('west')
    .python('result(swift().get_auth()[0].split("/")[-1])')) as string;
  for (const [index, point] of damaged.entries()) {
    const { manifest } = await scene.farshore.json<{ manifest: PointManifest }>(
      'point',
      'show',
      group,
      point.id,
    );
    const backup = (manifest.copies[0] as VolumeCopy).chain.at(-1);
    if (backup === undefined) throw new Error(`point ${point.id} has no backup`);
    const object = `${backup.prefix}-00001`;
    const files = await corruptObject(
      scene.lab,
      'west',
      { account, container: backup.container, object },
      kinds[index] ?? 'alter',
    );
    scene.say(`${kinds[index] ?? ''}: ${object} (${files} files)`);
  }
}

async function verifyFindsThem(scene: Scene, newest: RecoveryPoint | undefined): Promise<void> {
  const started = Date.now();
  const { code, stdout } = await scene.farshore.cli('-o', 'json', 'point', 'verify', group);
  const found = JSON.parse(stdout) as RecoveryPoint;
  expect(code).to.equal(1);
  expect(found).to.include({ id: newest?.id, state: 'damaged' });
  scene.say(
    `point verify found ${found.checked.damaged} damaged objects in ${((Date.now() - started) / 1000).toFixed(1)} s:`,
  );
  for (const finding of found.checked.findings)
    scene.say(`  ${finding.subject} ${finding.problem}: ${finding.detail}`);
  expect(found.checked.damaged).to.equal(3);
  const status = await statusOf(scene, group);
  expect(status.newestUsablePoint).not.to.equal(newest?.id);
  scene.say(
    `RPO goes back to ${status.rpoSeconds ?? '-'} s, point ${status.newestUsablePoint ?? '-'}`,
  );
}

async function failOverKilled(
  scene: Scene,
  whole: RecoveryPoint | undefined,
  sum: string,
): Promise<void> {
  const ordered = await scene.farshore.cli('-o', 'json', 'failover', group, '--yes', '--no-wait');
  expect(ordered.code, ordered.stderr).to.equal(0);
  const { id } = JSON.parse(ordered.stdout) as Execution;
  await untilRestoring(scene, id);
  await scene.farshore.kill9();
  await scene.farshore.start();
  const watched = await scene.farshore.cli('execution', 'watch', id);
  const { execution } = await scene.farshore.json<{ execution: Execution }>(
    'execution',
    'show',
    id,
  );
  tellExecution(scene, 'failover of what was damaged, killed while it restored', execution);
  expect(watched.code, watched.stderr + watched.stdout).to.equal(0);
  expect(execution.point).to.equal(whole?.id);
  const notes = execution.steps.flatMap((step) => step.notes).join('\n');
  expect(notes).to.match(/damaged/);
  const script = 'result([v.id for v in cinder().volumes.list() if v.name == "fragile"])';
  const restored = (await scene.lab.region('west').python(script)) as readonly string[];
  expect(restored.length, 'volumes in west').to.equal(1);
  expect(await volumeSha256(scene.lab.region('west'), restored[0] ?? '')).to.equal(sum);
}

async function untilRestoring(scene: Scene, id: string): Promise<void> {
  for (;;) {
    const answer = await fetch(`${scene.farshore.url}/v1/executions/${id}`);
    const { execution } = (await answer.json()) as { execution: Execution };
    const restoring = execution.steps.find(
      (step) => step.type === 'restore' && step.state === 'running',
    );
    if (restoring !== undefined) break;
    if (execution.state === 'ended')
      throw new Error(`the failover ended too early: ${JSON.stringify(execution)}`);
    await sleep(20);
  }
  // A moment later Cinder is in the middle of it.
  await sleep(2000);
}
