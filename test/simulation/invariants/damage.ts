import { resourceKey } from '../../../replicator/mover.ts';
import { isWhole } from '../../../replicator/point/members.ts';
import type { RecoveryPoint } from '../../../replicator/point/types.ts';
import type { Session } from '../../../replicator/session/types.ts';
import { nameOf } from '../movers/rows.ts';
import { sharedThings, type SharedThings } from './stored-names.ts';
import { deletedBelow, must, putBelow, type Invariant, type Scene } from './types.ts';

/** A visible point, and what is stored of each of its members. */
interface Referring {
  readonly point: RecoveryPoint;
  readonly things: SharedThings;
}

/**
 * What somebody found damaged, and what is so, is damaged for every point that refers to it, from that very
 * transaction on, until it was stored again. When all is mended and at rest, no member of a point
 * that counts as whole lacks a stored thing that any listing would show to be missing.
 */
export function damage({ world, truth }: Scene): Invariant {
  const visible = new Map<string, Referring>();
  const beganMs = new Map<string, number>();
  /** `region/thing`, and what it is stored as. */
  const known = new Map<string, string>();
  const isDamaged = (region: string, name: string): boolean =>
    world.region(region).copies.get(name)?.isWhole !== true;

  const learn = ({ point, things }: Referring, before: RecoveryPoint | undefined): void => {
    const told = new Set(before?.checked.findings.map(nameOf));
    for (const finding of point.checked.findings) {
      const name = nameOf(finding);
      // What a head says still of what was stored again meanwhile is no news.
      if (told.has(name) || !isDamaged(point.region, name)) continue;
      for (const [thing, storedAs] of things.get(finding.resource) ?? [])
        if (storedAs === name) known.set(`${point.region}/${thing}`, name);
    }
  };

  const mustBeKnown = ({ point, things }: Referring): void => {
    for (const member of point.members) {
      const key = resourceKey(member.resource);
      const bad = isWhole(member)
        ? [...(things.get(key) ?? [])].find(
            ([thing, name]) =>
              known.has(`${point.region}/${thing}`) && isDamaged(point.region, name),
          )
        : undefined;
      must(
        'known-damage',
        bad === undefined,
        () =>
          `${point.group}/${point.id} counts ${key} as whole, and ${bad?.[1] ?? ''} is known as damaged`,
      );
    }
  };

  return {
    onCommit(transaction) {
      for (const path of deletedBelow(transaction, 'points/')) visible.delete(path);
      for (const [, { id, runs }] of putBelow<Session>(transaction, 'sessions/'))
        if (runs === 0) beganMs.set(id, world.scheduler.nowMs);
      const put = [...putBelow<RecoveryPoint>(transaction, 'points/')];
      for (const [path, point] of put) {
        const before = visible.get(path);
        // Put once more while it goes, its manifest may be gone already.
        if (point.state === 'expiring') {
          visible.delete(path);
          continue;
        }
        const now = { point, things: before?.things ?? sharedThings(point, world) };
        learn(now, before?.point);
        visible.set(path, now);
      }
      if (put.length > 0) for (const each of visible.values()) mustBeKnown(each);
    },
    onEffect({ operation, subject, region }) {
      if (operation !== 'put copy') return;
      for (const [thing, name] of known)
        if (name === subject && thing.startsWith(`${region}/`)) known.delete(thing);
    },
    atEnd() {
      for (const { point, things } of visible.values()) {
        if (truth.head(point.group)?.failedOver !== undefined) continue;
        const all = [...visible.values()].filter(({ point: { group } }) => group === point.group);
        if (all.some((other) => other.point.sequence > point.sequence)) continue;
        // What was damaged after it was looked at is the next session's.
        if ((beganMs.get(point.id) ?? 0) < world.healedMs) continue;
        for (const member of point.members.filter(isWhole))
          for (const name of things.get(resourceKey(member.resource))?.values() ?? [])
            must(
              'damage-is-healed',
              world.region(point.region).copies.has(name),
              () => `${name} of the newest point ${point.group}/${point.id} is missing`,
            );
      }
    },
  };
}
