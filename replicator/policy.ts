import type { KindOptions } from './mover.ts';

/** How often a group is protected, and by which clock; `every` is in seconds. */
export type Schedule =
  | { readonly every: number; readonly jitterSeconds: number }
  | { readonly cron: string; readonly timeZone: string; readonly jitterSeconds: number };

/** How many points of each kind are kept; a point kept for any one reason stays. */
export interface Retention {
  /** The newest ones, whatever their age. */
  readonly last: number;
  /** The newest one of each of the newest N hours, days, ISO weeks, months that have one (UTC). */
  readonly hourly: number;
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
  /** Nothing older is kept, but for the newest proven point. Absent: no limit. */
  readonly maxAgeSeconds?: number;
}

/** What may happen to a group's members in the source without anybody's word. */
export interface ChangePolicy {
  /** More of a resource than this was removed or rewritten at once: its copies from before are kept. */
  readonly limitPercent: number;
  /** For how long, unless an operator lets them go; the last copies of what is lost likewise. */
  readonly graceSeconds: number;
}

/** How often all that lies in the secondary is read again, and hashed. */
export interface VerificationPolicy {
  /** Nothing stays unread for longer; null: nothing is read again. */
  readonly periodSeconds: number | null;
  /** No more than this is read, a group. */
  readonly bytesPerSecond: number;
}

export interface ProtectionPolicy {
  readonly name: string;
  readonly rpoSeconds: number;
  readonly rtoSeconds: number;
  readonly schedule: Schedule;
  readonly retention: Retention;
  readonly changes: ChangePolicy;
  readonly verification: VerificationPolicy;
  /** Region that holds the recovery points. */
  readonly targetRegion: string;
  readonly options: KindOptions;
}
