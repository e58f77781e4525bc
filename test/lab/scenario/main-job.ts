import { expect } from 'chai';

import { ledgerRounds } from './changes.ts';
import { sessionState } from './crash.ts';
import { type Dataset, type Fingerprint, fingerprint } from './dataset.ts';
import {
  points,
  runRunbook,
  type Scene,
  statusOf,
  sync,
  tellExecution,
  tellSession,
} from './scene.ts';

/** Protects the dataset: a full session, then one after each round of changes, so that the ledger's chain has four links. */
export async function protect(scene: Scene, dataset: Dataset): Promise<void> {
  const asked = await sync(scene, dataset.prefix, 'session that was asked for');
  const first = (await points(scene, dataset.prefix)).at(-1);
  // The group's own may have begun before the order, which waits for it.
  if (first !== undefined && first.id !== asked.id) {
    const { summary } = await sessionState(scene, dataset.prefix, first.id);
    tellSession(scene, 'first session, begun by itself', summary);
  }
  for (const [index, change] of ledgerRounds.entries()) {
    await change(scene, dataset);
    await sync(scene, dataset.prefix, `incremental session ${index + 1}`);
  }
  const proven = (await points(scene, dataset.prefix)).filter(({ state }) => state === 'proven');
  // One more where a session had begun by itself when the first was ordered: that one is waited for.
  expect(proven.length - ledgerRounds.length).to.be.oneOf([1, 2]);
  const status = await statusOf(scene, dataset.prefix);
  scene.say(`RPO ${status.rpoSeconds ?? '-'} s of ${status.rpoObjectiveSeconds} s`);
}

/** Cuts east off, fails over, and compares all that users see in west with what they saw in east. */
export async function loseEast(scene: Scene, prefix: string): Promise<void> {
  const before = await fingerprint(scene.lab.region('east'), prefix);
  const last = await scene.farshore.json<Parameters<typeof tellSession>[2]>(
    'group',
    'sync',
    prefix,
  );
  tellSession(scene, 'last session before the outage', last);
  await scene.lab.cut('east');
  scene.say('east is cut off');
  const { cli, execution } = await runRunbook(
    scene,
    'failover',
    prefix,
    '--unfenced',
    '--reason',
    'the network of east was cut by this scenario',
  );
  tellExecution(scene, 'failover', execution);
  expect(cli.code, `${cli.stderr}${cli.stdout}`).to.equal(0);
  expect(execution.result).to.equal('succeeded');
  compare(await fingerprint(scene.lab.region('west'), prefix), before, scene.say);
  const status = await statusOf(scene, prefix);
  expect(status).to.include({ state: 'failed-over', primary: 'west', generation: 2 });
}

/** Fails at the first thing that a user would see differ. */
export function compare(west: Fingerprint, east: Fingerprint, say: (text: string) => void): void {
  expect(west.volumes).to.deep.equal(east.volumes);
  expect(west.images).to.deep.equal(east.images);
  let objects = 0;
  for (const [name, container] of Object.entries(east.containers)) {
    const there = west.containers[name];
    expect(there?.headers, name).to.deep.equal(container.headers);
    // One by one, so that a difference names its object and not two thousand.
    for (const [object, facts] of Object.entries(container.objects)) {
      expect(there?.objects[object], `${name}/${object}`).to.deep.equal(facts);
    }
    expect(Object.keys(there?.objects ?? {}).length, name).to.equal(
      Object.keys(container.objects).length,
    );
    objects += Object.keys(container.objects).length;
  }
  const volumes = Object.keys(east.volumes).length;
  const images = Object.keys(east.images).length;
  say(
    `equal byte for byte and property for property: ${volumes} volumes, ${images} images, ${objects} objects`,
  );
}
