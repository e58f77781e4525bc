import { Mirror, type MirrorOptions } from '../mirror/mirror.ts';

/** States that a reader may be behind before it loses the oldest: each is the whole, so it still ends right. */
const keptAtMost = 1_000;

type Source<T> = Omit<MirrorOptions<T, T>, 'project'>;

/**
 * What `pick` makes of a prefix: as it is, then after each transaction that touched it, until
 * `signal` aborts. Outlasts a store that is away for a while; the first may be somewhat old.
 */
export async function* followed<T, R>(
  source: Source<T>,
  pick: (mirror: Mirror<T, T>) => R,
  signal: AbortSignal,
): AsyncGenerator<R, void, undefined> {
  const mirror = new Mirror<T, T>({ ...source, project: ({ value }) => value });
  const waiting: R[] = [];
  let isListed = false;
  let wake = (): void => undefined;
  const take = (): void => {
    isListed = true;
    waiting.push(pick(mirror));
    if (waiting.length > keptAtMost) waiting.shift();
    wake();
  };
  const leave = (): void => wake();
  mirror.onChange(take);
  mirror.start();
  signal.addEventListener('abort', leave);
  try {
    // An empty first list is no change.
    void mirror.ready.then(() => (isListed ? undefined : take()));
    while (!signal.aborted) {
      const next = waiting.shift();
      if (next !== undefined) yield next;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    signal.removeEventListener('abort', leave);
    await mirror.stop();
  }
}
