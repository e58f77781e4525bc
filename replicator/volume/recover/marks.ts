/** Names and marks of what a restore makes in the secondary: how it is found after a crash. */
import type { RestoreOrder } from '../../mover.ts';
import type { VolumeCopy } from '../types.ts';

/**
 * A drill's name begins with the scratch mark. Cinder's restore overwrites a volume's metadata with
 * the source's, marks included, but leaves a name alone that does not begin with `restore_backup_`
 * (cinder/backup/driver.py): so the name is the mark that lasts.
 */
export function volumeName(copy: VolumeCopy, order: RestoreOrder): string {
  const { name } = copy.attributes;
  return order.mode === 'drill' ? `${order.scratch}-${name}` : name;
}

export function volumeMarks(
  copy: VolumeCopy,
  order: RestoreOrder,
): Readonly<Record<string, string>> {
  return {
    farshore_execution: order.executionId,
    farshore_volume: copy.resource.id,
    ...(order.mode === 'drill' ? { farshore_scratch: order.scratch } : {}),
  };
}

/** Name of the image through which a restored volume's bytes are read. */
export function checkImageName(copy: VolumeCopy, order: RestoreOrder): string {
  const begin = order.mode === 'drill' ? order.scratch : `farshore-${order.executionId}`;
  return `${begin}-check-${copy.resource.id}`;
}

/** Memo: the id of the volume that is restored into. */
export const volumeMemo = 'volume';
/** Memo: set once its content is there; what comes after is only names. */
export const restoredMemo = 'restored';

/** Memo: every volume that a restore was ordered into, noted before the order. */
const askedMemo = 'asked';

export function askedVolumes(order: RestoreOrder): readonly string[] {
  return (order.memo.get(askedMemo) ?? '').split(' ').filter((id) => id !== '');
}

export async function noteAsked(order: RestoreOrder, volumeId: string): Promise<void> {
  await order.memo.set(askedMemo, [...askedVolumes(order), volumeId].join(' '));
}
