import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../../../kernel/clock.ts';
import { exportState } from '../../store/snapshot.ts';
import type { Consistency, Store } from '../../store/store.ts';
import { forExport } from './of-users.ts';

export interface TakeOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** `local`: what the nearest member has, also without a majority. */
  readonly consistency?: Consistency | undefined;
}

/**
 * Writes the state, as of one instant, to a file that its owner alone reads. It has its name only
 * once it is whole and on disk; killed before, there is a file `.new` beside it.
 */
export async function takeSnapshot(
  store: Store,
  file: string,
  { clock, signal, consistency = 'linearizable' }: TakeOptions,
): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const fresh = `${file}.new`;
  await rm(fresh, { force: true });
  const target = await open(fresh, 'wx', 0o600);
  try {
    try {
      for await (const line of exportState(forExport(store, consistency), clock, signal))
        await target.write(line);
      await target.sync();
    } finally {
      await target.close();
    }
    await rename(fresh, file);
  } catch (error) {
    // It may have filled the disk that the member writes to.
    await rm(fresh, { force: true });
    throw error;
  }
}
