import { put, type Store, unchanged } from '../store/store.ts';
import { keys } from './keys.ts';
import { latestOf } from './summary.ts';

/**
 * The state of an older release has sessions without their short form. Harmless when repeated, and
 * beside others: a session that is saved meanwhile brings its own.
 */
export async function addLatest(store: Store): Promise<void> {
  const known = new Set((await store.range(keys.latest())).map(({ path }) => path));
  for (const session of await store.range(keys.session())) {
    const key = keys.latest(session.value.group);
    if (known.has(key.path)) continue;
    await store.transact(
      [unchanged(key, null), { path: session.path, modRevision: session.modRevision }],
      [put(key, latestOf(session.value, null))],
    );
  }
}
