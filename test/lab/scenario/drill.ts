import { setTimeout as sleep } from 'node:timers/promises';

import { expect } from 'chai';

import type { GroupStatus } from '../../../controller/model/types.ts';
import { documentsFor } from './dataset.ts';
import { inventory } from './inventory.ts';
import { patienceMs, runRunbook, type Scene, statusOf, tellExecution } from './scene.ts';

const everySeconds = 60;
/** How far from its time a session may start and still count as not delayed, on a busy machine. */
const slackSeconds = 20;

interface SeenSession {
  readonly id: string;
  readonly startMs: number;
  /** When it had ended, or was seen last to be under way. */
  readonly busyUntilMs: number;
}

/** A drill of a group that replicates every minute: sessions start on time, and west is as it was. */
export async function drillBesideReplication(scene: Scene, group: string): Promise<void> {
  const west = scene.lab.region('west');
  const before = await inventory(west);
  await applied(scene, group, { schedule: { every: `${everySeconds}s` } });
  const watch = watchSessions(scene, group);
  const due = await nextSession(scene, group);
  const { cli, execution } = await runRunbook(scene, 'drill', group);
  tellExecution(scene, 'drill', execution);
  expect(cli.code, `${cli.stderr}${cli.stdout}`).to.equal(0);
  expect(execution.result).to.equal('succeeded');

  const late = await delayOf(watch.seen, due);
  await watch.stop();
  scene.say(
    `the session due during the drill started ${(late / 1000).toFixed(1)} s after it could`,
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

/** Notes each session of the group as the API shows it, until it is told to stop. */
function watchSessions(scene: Scene, group: string) {
  const seen = new Map<string, SeenSession>();
  const stop = new AbortController();
  const look = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const answer = await fetch(`${scene.farshore.url}/v1/groups/${group}`);
      const { status } = (await answer.json()) as { readonly status: GroupStatus };
      const { session } = status;
      if (session !== null) {
        const { id, startedAt, endedAt } = session;
        const busyUntilMs = endedAt === null ? Date.now() : Date.parse(endedAt);
        seen.set(id, { id, startMs: Date.parse(startedAt), busyUntilMs });
      }
      await sleep(500);
    }
  };
  const looking = look();
  return {
    seen: () => [...seen.values()].toSorted((a, b) => a.startMs - b.startMs),
    stop: async () => {
      stop.abort();
      await looking;
    },
  };
}

/**
 * Milliseconds by which the first session that did not start before its time came late: after that time,
 * or after the end of the session before it, which takes longer than the interval beside a drill.
 */
async function delayOf(seen: () => readonly SeenSession[], due: number): Promise<number> {
  const deadline = Date.now() + patienceMs;
  while (Date.now() < deadline) {
    const sessions = seen();
    const index = sessions.findIndex(({ startMs }) => startMs >= due - 1000);
    const first = sessions[index];
    if (first !== undefined) {
      const busyUntilMs = sessions[index - 1]?.busyUntilMs ?? due;
      return first.startMs - Math.max(due, busyUntilMs);
    }
    await sleep(1000);
  }
  throw new Error(`no session started after ${new Date(due).toISOString()}`);
}

/** No session under way, so that two looks at west compare. */
async function quiet(scene: Scene, group: string): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (Date.now() < deadline) {
    const { session } = await statusOf(scene, group);
    if (session === null || session.endedAt !== null) return;
    await sleep(500);
  }
  throw new Error(`a session of ${group} does not end`);
}
