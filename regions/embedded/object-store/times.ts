import type { Ticks } from './records.ts';

export const ticksPerSecond = 100_000;

/** `1795279611.86401`: a timestamp header, the id of a version. */
export function stamp(at: Ticks): string {
  const text = String(Math.max(at, 0)).padStart(15, '0');
  return `${text.slice(0, -5)}.${text.slice(-5)}`;
}

/** Undefined when it is no timestamp. */
export function parseStamp(text: string): Ticks | undefined {
  if (!/^\d{1,10}(\.\d{1,20})?$/.test(text)) return undefined;
  return Math.round(Number(text) * ticksPerSecond);
}

/** `2026-11-21T16:46:51.864010`: a time in a listing. */
export function listingTime(at: Ticks): string {
  const whole = new Date(Math.floor(at / ticksPerSecond) * 1_000).toISOString().slice(0, 19);
  return `${whole}.${String(at % ticksPerSecond).padStart(5, '0')}0`;
}

/** Swift rounds up. */
export function wholeSeconds(at: Ticks): number {
  return Math.ceil(at / ticksPerSecond);
}

/** `Sat, 21 Nov 2026 16:46:52 GMT`: the second after. */
export function lastModified(at: Ticks): string {
  return new Date(wholeSeconds(at) * 1_000).toUTCString();
}
