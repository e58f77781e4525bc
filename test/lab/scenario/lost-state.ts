import { expect } from 'chai';

import type { InstallationView, Rebuild } from '../../../controller/service/bank-types.ts';
import type { RecoveryPoint } from '../../../replicator/point/types.ts';
import { points, type Scene, statusOf } from './scene.ts';

/** The only controller's disk burns; what it knew is had back from west's bank. */
export async function rebuildState(scene: Scene, group: string): Promise<void> {
  const { farshore } = scene;
  const before = await points(scene, group);
  const { keys } = await farshore.json<InstallationView>('bank', 'key', 'show');
  await farshore.loseState();
  await farshore.start();
  const trust = keys.flatMap(({ fingerprint }) => ['--trust', fingerprint]);
  const order = ['bank', 'rebuild', 'west', '--yes', '--reason', 'its disk burnt', ...trust];
  const started = Date.now();
  const { groups, isWhole } = await farshore.json<Rebuild>(...order);
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  scene.say(
    `bank rebuild: ${groups.length} group with ${groups[0]?.points ?? 0} points, ${seconds} s`,
  );
  expect(isWhole, JSON.stringify(groups)).to.equal(true);
  expect((await points(scene, group)).map(known)).to.deep.equal(before.map(known));
  expect(await statusOf(scene, group)).to.include({ primary: 'east', generation: 1 });
}

function known({ id, sequence, state, dataTime }: RecoveryPoint) {
  return { id, sequence, state, dataTime };
}
