import { FarshoreError } from '../../kernel/errors.ts';
import { newestFirst } from '../../replicator/point/choose.ts';
import { hasRestorable } from '../../replicator/point/members.ts';
import type { RecoveryPoint } from '../../replicator/point/types.ts';

/**
 * The points of which anything can be recovered, in the order in which they are tried, newest data
 * first. A wanted one comes first, whether newer ones exist or not, and only older ones after it: who
 * asks for the state before a mistake must not get the mistake back. An unknown one leaves nothing.
 */
export function candidates(
  points: readonly RecoveryPoint[],
  wanted?: string,
): readonly RecoveryPoint[] {
  const ordered = newestFirst(points);
  const from = wanted === undefined ? 0 : ordered.findIndex((point) => point.id === wanted);
  return from < 0 ? [] : ordered.slice(from).filter(hasRestorable);
}

export function noProvenPoint(group: string, wanted?: string): FarshoreError {
  const message =
    wanted === undefined
      ? 'there is no recovery point of which anything can be recovered'
      : `nothing can be recovered from recovery point ${wanted}, nor from an older one`;
  return new FarshoreError(message, {
    code: 'point.none-proven',
    kind: 'permanent',
    operation: 'choose recovery point',
    subject: group,
    hint: 'nothing was restored; see `farshore point list`, and check a damaged point again with `farshore point verify` after its data was repaired',
  });
}
