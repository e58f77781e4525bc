import type { ResourceRef } from '../../replicator/mover.ts';
import type { GroupSpec, ProtectionPolicy } from '../../controller/model/types.ts';

/** A group as its operator and its users see it. */
export interface SimGroup {
  readonly name: string;
  /** It names what it protects by names, and not by ids: until two things bear one name. */
  isByName: boolean;
  /** Where its users write. */
  region: string;
  /** What they write to, and what the group names. */
  members: readonly ResourceRef[];
  /** Keys of all that its users ever made: what its points may hold. */
  readonly had: Set<string>;
  /** The operator wants it protected the other way round, and is not through with that. */
  isFailingBack: boolean;
}

export function otherRegion(region: string): string {
  return region === 'east' ? 'west' : 'east';
}

/** What the operator wants of all policies of a history. */
export interface Wishes {
  readonly everySeconds: number;
  readonly last: number;
  /** Within it all that is stored is read again; null: it is not. */
  readonly readEverySeconds: number | null;
}

export function policyTo(
  targetRegion: string,
  { everySeconds, last, readEverySeconds }: Wishes,
): ProtectionPolicy {
  return {
    name: `to-${targetRegion}`,
    rpoSeconds: 900,
    rtoSeconds: 3600,
    schedule: { every: everySeconds, jitterSeconds: 3 },
    retention: { last, hourly: 0, daily: 0, weekly: 0, monthly: 0 },
    targetRegion,
    // Longer than any history, clocks that are set included: what is kept is kept until it is released.
    changes: { limitPercent: 100, graceSeconds: 30 * 86_400 },
    verification: { periodSeconds: readEverySeconds, bytesPerSecond: 52_428_800 },
    options: { volume: { maxIncrementals: 2 } },
  };
}

/** Protected from where it is live. */
export function specOf({ name, region, members, isByName }: SimGroup): GroupSpec {
  return {
    name,
    policy: `to-${otherRegion(region)}`,
    source: { region, project: 'demo' },
    target: { project: 'demo', mappings: {} },
    members: members.map(({ kind, id, name: own }) => ({ kind, nameOrId: isByName ? own : id })),
    paused: false,
  };
}
