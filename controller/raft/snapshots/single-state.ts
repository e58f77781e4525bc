import type { Clock } from '../../../kernel/clock.ts';
import { exportState, importState } from '../../store/snapshot.ts';
import { LevelStore } from '../../store/level-store.ts';
import { forImport } from './of-users.ts';
import type { Store } from '../../store/store.ts';

/**
 * Brings a single controller's state into a store that nobody uses yet; what an earlier try left
 * there goes first. Throws `store.in-use`.
 */
export async function importSingleState(
  directory: string,
  store: Store,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  const single = await LevelStore.open(directory);
  try {
    const lines = exportState(single, clock, signal);
    await importState(lines, forImport(store), { signal, replace: true });
  } finally {
    await single.close();
  }
}
