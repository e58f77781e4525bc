/** Names and marks of what a restore makes in the secondary: how it is found after a crash. */
import type { Volume } from '../../../regions/block-storage/types.ts';
import type { EndedExecution, RestoreOrder } from '../../mover.ts';
import type { VolumeCopy } from '../types.ts';

const executionMark = 'farshore_execution';
const sourceMark = 'farshore_volume';

type Execution = Pick<EndedExecution, 'id' | 'mode' | 'scratch'>;

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
    [executionMark]: order.executionId,
    [sourceMark]: copy.resource.id,
    ...(order.mode === 'drill' ? { farshore_scratch: order.scratch } : {}),
  };
}

/** A volume that this execution made and, of a failover, has not yet given to users. */
export function isVolumeOf({ id, mode, scratch }: Execution, { name, metadata }: Volume): boolean {
  if (mode === 'drill') return name.startsWith(`${scratch}-`);
  return metadata[executionMark] === id && metadata[sourceMark] !== undefined;
}

/** Name of the image through which a restored volume's bytes are read. */
export function checkImageName(copy: VolumeCopy, order: RestoreOrder): string {
  return `${checkImagePrefix({ ...order, id: order.executionId })}${copy.resource.id}`;
}

/** Of all those of an execution. */
export function checkImagePrefix({ id, mode, scratch }: Execution): string {
  return `${mode === 'drill' ? scratch : `farshore-${id}`}-check-`;
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
