import { isoTime } from '../../kernel/clock.ts';
import type { Ambient } from '../../kernel/ambient.ts';
import type { Previous, ResourceRef } from '../mover.ts';
import { newPointId } from '../point/point-id.ts';
import type { LackingResource } from '../point/types.ts';
import { heldKeys } from './state.ts';
import type { Session } from './types.ts';

export interface SessionOrder {
  readonly group: string;
  readonly generation: number;
  readonly sourceRegion: string;
  readonly targetRegion: string;
  /** What the group's members are now; fixed for this session. */
  readonly resources: readonly ResourceRef[];
  /** Members that cannot be taken along, and why. */
  readonly lacking?: readonly LackingResource[];
}

/**
 * A session as it is claimed: nothing was done yet. It and its point have one id. `before` is the
 * group's session so far: what it shipped before it failed is carried on.
 */
export function newSession(
  order: SessionOrder,
  ambient: Pick<Ambient, 'clock' | 'random'>,
  before: Session | null = null,
): Session {
  const nowMs = ambient.clock.now();
  const id = newPointId(nowMs, ambient.random);
  return {
    ...order,
    lacking: order.lacking ?? [],
    id,
    pointId: id,
    phase: 'capturing',
    runs: 0,
    startedAt: isoTime(nowMs),
    captures: {},
    copies: {},
    verifications: {},
    carried: carriedFrom(order, before),
    repairs: 0,
    moved: { bytes: 0, objects: 0 },
  };
}

function carriedFrom(
  order: SessionOrder,
  before: Session | null,
): Readonly<Record<string, Previous>> {
  if (before?.phase !== 'failed' && before?.phase !== 'done') return {};
  if (before.sourceRegion !== order.sourceRegion) return {};
  if (before.targetRegion !== order.targetRegion) return {};
  // What went into a point is told by the point.
  const inPoint = new Set(before.phase === 'done' ? heldKeys(before) : []);
  const shipped = Object.entries(before.copies).map(([key, copy]) => {
    const damage = before.verifications[key]?.findings ?? [];
    return [key, { copy, damage }] as const;
  });
  const all = { ...before.carried, ...Object.fromEntries(shipped) };
  return Object.fromEntries(Object.entries(all).filter(([key]) => !inPoint.has(key)));
}
