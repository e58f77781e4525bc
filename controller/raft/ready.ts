import type { Ambient } from '../../kernel/ambient.ts';
import { isoTime } from '../../kernel/clock.ts';
import { isTransient } from '../../kernel/errors.ts';
import { put, type Store, unchanged } from '../store/store.ts';
import { type ClusterReady, clusterKeys } from './keys.ts';

export interface ReadyOptions {
  readonly store: Store;
  readonly site: string;
  readonly ambient: Ambient;
  readonly signal: AbortSignal;
  /**
   * Brings what the cluster begins with, before anybody uses it: called again after it was broken
   * off, and only while the cluster is not ready. Null: this site waits for another to do so.
   */
  readonly begin: (() => Promise<ClusterReady['from']>) | null;
}

const pauseMs = 1_000;

/**
 * Resolves with what made the cluster ready; waits until something does. One transaction says so,
 * after all that it begins with was brought: nobody ever uses half of that.
 */
export async function awaitReady(options: ReadyOptions): Promise<ClusterReady> {
  const { ambient, signal } = options;
  let isTold = false;
  for (;;) {
    try {
      const ready = await seeOrMake(options);
      if (ready !== null) return ready;
    } catch (error) {
      if (!isTransient(error)) throw error;
    }
    if (!isTold)
      ambient.log.info(
        options.begin === null
          ? 'waits for the first site to make the cluster ready'
          : 'waits for a majority of the members',
      );
    isTold = true;
    await ambient.clock.sleep(pauseMs, signal);
  }
}

async function seeOrMake({
  store,
  site,
  ambient,
  begin,
}: ReadyOptions): Promise<ClusterReady | null> {
  const found = await store.get(clusterKeys.ready);
  if (found !== null) return found.value;
  if (begin === null) return null;
  const from = await begin();
  const ready = { at: isoTime(ambient.clock.now()), site, from };
  const written = await store.transact(
    [unchanged(clusterKeys.ready, null)],
    [put(clusterKeys.ready, ready)],
  );
  return written.committed ? ready : null;
}
