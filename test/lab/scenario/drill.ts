import { setTimeout as sleep } from 'node:timers/promises';

import { expect } from 'chai';

import { documentsFor } from './dataset.ts';
import { inventory } from './inventory.ts';
import { points, runRunbook, type Scene, statusOf, tellExecution } from './scene.ts';

const everySeconds = 60;
/** How far from its time a session may start and still count as not delayed. */
const slackSeconds = 5;

/** A drill of a group that replicates every minute: sessions start on time, and west is as it was. */
export async function drillBesideReplication(scene: Scene, group: string): Promise<void> {
  const west = scene.lab.region('west');
  const before = await inventory(west);
  await applied(scene, group, { schedule: { every: `${everySeconds}s` } });
  const due = await nextSession(scene, group);
  const { cli, execution } = await runRunbook(scene, 'drill', group);
  tellExecution(scene, 'drill', execution);
  expect(cli.code, `${cli.stderr}${cli.stdout}`).to.equal(0);
  expect(execution.result).to.equal('succeeded');

  const late = (await sessionStartAfter(scene, group, due)) - due;
  scene.say(
    `the session due during the drill started ${(late / 1000).toFixed(1)} s after its time`,
  );
  expect(late / 1000).to.be.within(-1, slackSeconds);
  await applied(scene, group, {});
  await quiet(scene, group);
  expect(await inventory(west)).to.deep.equal(before);
  scene.say('nothing of the drill is left in west');
}

async function applied(scene: Scene, group: string, policy: object): Promise<void> {
  const { code, stderr } = await scene.farshore.apply(...documentsFor(group, policy));
  expect(code, stderr).to.equal(0);
}

async function nextSession(scene: Scene, group: string): Promise<number> {
  const { nextSessionAt } = await statusOf(scene, group);
  if (nextSessionAt === null) throw new Error(`no session of ${group} is due`);
  return Date.parse(nextSessionAt);
}

/** When the first session that did not start before its time began, by its point's cut. */
async function sessionStartAfter(scene: Scene, group: string, due: number): Promise<number> {
  const deadline = Date.now() + 3 * everySeconds * 1000;
  while (Date.now() < deadline) {
    const { session } = await statusOf(scene, group);
    const starts = [
      ...(session === null ? [] : [Date.parse(session.startedAt)]),
      ...(await points(scene, group)).map(({ cutStart }) => Date.parse(cutStart)),
    ].filter((start) => start >= due - 1000);
    if (starts.length > 0) return Math.min(...starts);
    await sleep(1000);
  }
  throw new Error(`no session of ${group} started after ${new Date(due).toISOString()}`);
}

/** No session under way, so that two looks at west compare. */
async function quiet(scene: Scene, group: string): Promise<void> {
  const deadline = Date.now() + 3 * everySeconds * 1000;
  while (Date.now() < deadline) {
    const { session } = await statusOf(scene, group);
    if (session === null || session.endedAt !== null) return;
    await sleep(500);
  }
  throw new Error(`a session of ${group} does not end`);
}
