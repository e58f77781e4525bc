import type { Clock } from '../../kernel/clock.ts';
import { type Sees, type Wait, waitFor as waitForAny } from '../../kernel/wait.ts';

export const minuteMs = 60_000;
/** For what Cinder does with records and empty volumes. */
export const shortWaitMs = 15 * minuteMs;

/** The slowest at which anybody still wants to wait for a volume, and what most reach; per GiB. */
const slowestMs = 100_000;
const usualMs = 5_000;

/**
 * For what reads or writes a whole volume and shows nothing of it before its end (a restore, an upload
 * to Glance, an incremental of a volume that hardly changed): by its size, at 10 MiB/s.
 */
export function wholeVolumeMs(sizeGib: number): number {
  return shortWaitMs + sizeGib * slowestMs;
}

/** After so long without a sign an operator should hear of it: minutes, more for a large volume. */
export function warnAfterMs(sizeGib: number): number {
  return 5 * minuteMs + sizeGib * usualMs;
}

/**
 * `waitFor` of the kernel with this folder's code: the transient `volume.wait-timeout`, unless another
 * is given. Whoever goes on later finds the work where it stands.
 */
export function waitFor<T>(
  clock: Clock,
  wait: Omit<Wait, 'code'> & { readonly code?: string },
  signal: AbortSignal,
  ask: (sees: Sees) => Promise<T | undefined>,
): Promise<T> {
  return waitForAny(clock, { code: 'volume.wait-timeout', ...wait }, signal, ask);
}
