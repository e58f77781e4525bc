import { isoTime } from '../../kernel/clock.ts';
import type { Ambient } from '../../kernel/ambient.ts';
import type { ResourceRef } from '../mover.ts';
import { newPointId } from '../point/point-id.ts';
import type { Session } from './types.ts';

export interface SessionOrder {
  readonly group: string;
  readonly generation: number;
  readonly sourceRegion: string;
  readonly targetRegion: string;
  /** What the group's members are now; fixed for this session. */
  readonly resources: readonly ResourceRef[];
}

/** A session as it is claimed: nothing was done yet. It and its point have one id. */
export function newSession(
  order: SessionOrder,
  ambient: Pick<Ambient, 'clock' | 'random'>,
): Session {
  const nowMs = ambient.clock.now();
  const id = newPointId(nowMs, ambient.random);
  return {
    ...order,
    id,
    pointId: id,
    phase: 'capturing',
    runs: 0,
    startedAt: isoTime(nowMs),
    captures: {},
    copies: {},
    verifications: {},
    repairs: 0,
    moved: { bytes: 0, objects: 0 },
  };
}
