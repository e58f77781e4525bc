import { setTimeout as sleep } from 'node:timers/promises';

import type { SessionSummary } from '../../../controller/model/types.ts';
import type { ProgressSnapshot } from '../../../replicator/session/meter.ts';
import type { SwiftRequest } from '../swift-log.ts';
import { swiftRequests } from '../swift-log.ts';
import { patienceMs, type Scene } from './scene.ts';

export interface SessionState {
  readonly summary: SessionSummary;
  readonly progress: ProgressSnapshot | null;
}

export async function sessionState(scene: Scene, group: string, id: string): Promise<SessionState> {
  const answer = await fetch(`${scene.farshore.url}/v1/groups/${group}/sessions/${id}`);
  return (await answer.json()) as SessionState;
}

/** Orders a session and calls `act` at the first moment that `isTime` holds; gives the session's id. */
export async function interruptSession(
  scene: Scene,
  group: string,
  isTime: (state: SessionState) => boolean,
  act: () => Promise<void>,
): Promise<string> {
  const { id } = await scene.farshore.json<SessionSummary>('group', 'sync', group, '--no-wait');
  for (;;) {
    const state = await sessionState(scene, group, id);
    if (isTime(state)) break;
    if (state.summary.endedAt !== null) {
      throw new Error(
        `session ${id} ended (${state.summary.phase}) before it was time: ${JSON.stringify(state.summary)}`,
      );
    }
    await sleep(5);
  }
  await act();
  return id;
}

/** Waits until the session has ended, well or not. */
export async function sessionEnd(scene: Scene, group: string, id: string): Promise<SessionSummary> {
  const deadline = Date.now() + patienceMs;
  while (Date.now() < deadline) {
    const { summary } = await sessionState(scene, group, id);
    if (summary.endedAt !== null) return summary;
    await sleep(250);
  }
  throw new Error(
    `session ${id} has not ended: ${JSON.stringify(await sessionState(scene, group, id))}`,
  );
}

/**
 * Objects that the region's Swift took whole more than once since then: what was shipped again. Only
 * the copies' own objects count, and not what by design is written anew.
 */
export async function shippedTwice(
  scene: Scene,
  sinceMs: number,
  names: RegExp,
): Promise<readonly string[]> {
  const requests = await swiftRequests(scene.lab.region('west'), sinceMs);
  const counts = new Map<string, number>();
  for (const request of requests.filter((each) => isPut(each, names))) {
    const [path = ''] = request.path.split('?');
    counts.set(path, (counts.get(path) ?? 0) + 1);
  }
  return [...counts].filter(([, count]) => count > 1).map(([path]) => path);
}

/** `names` is of `container/object`. */
function isPut({ method, status, path }: SwiftRequest, names: RegExp): boolean {
  const name = path.split('/').slice(3).join('/');
  return method === 'PUT' && status === 201 && names.test(name);
}
