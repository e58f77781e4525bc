import type { NewPoint, RecoveryPoint } from '../../replicator/point/types.ts';
import { atomically } from '../store/atomically.ts';
import { type Entry, put, type Store, unchanged } from '../store/store.ts';
import { keys } from './keys.ts';
import type { SharingRecord } from './records.ts';

/** Of the newest check that was recorded of the group's points; 0: there is none. */
export function newestIn(sharing: Entry<SharingRecord> | null): number {
  return sharing?.value.newestCheck ?? 0;
}

/** The head, as what was recorded at this place among all checks. */
export function placed<P extends NewPoint>(
  head: P,
  serial: number,
): P & Pick<RecoveryPoint, 'checked'> {
  return { ...head, checked: { ...head.checked, serial } };
}

/** The next place, for heads that are written in more than one transaction. Killed after it: it is nobody's. */
export async function takeSerial(store: Store, group: string): Promise<number> {
  const { result } = await atomically(store, async () => {
    const sharing = await store.get(keys.sharing(group));
    const newestCheck = 1 + newestIn(sharing);
    return {
      compares: [unchanged(keys.sharing(group), sharing)],
      operations: [put(keys.sharing(group), { newestCheck })],
      result: newestCheck,
    };
  });
  return result;
}
