import { isoTime } from '../../kernel/clock.ts';
import type { Random } from '../../kernel/random.ts';

/** `20261121T085503Z-1f0c`: sorts by time, and two made in one second differ. */
export function newPointId(nowMs: number, random: Random): string {
  const stamp = isoTime(nowMs)
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(/[-:]/g, '');
  return `${stamp}-${random.id().slice(0, 4)}`;
}
