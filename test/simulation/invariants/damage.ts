import { resourceKey } from '../../../replicator/mover.ts';
import { isWhole } from '../../../replicator/point/members.ts';
import type { RecoveryPoint } from '../../../replicator/point/types.ts';
import type { Session } from '../../../replicator/session/types.ts';
import { nameOf } from '../movers/rows.ts';
import { storedNames, type StoredNames } from './stored-names.ts';
import { deletedBelow, must, putBelow, type Invariant, type Scene } from './types.ts';

/** A visible point, and what is stored of each of its members. */
interface Referring {
  readonly point: RecoveryPoint;
  readonly names: StoredNames;
}

/**
 * What somebody found damaged, and what is so, is damaged for every point that refers to it, from that very
 * transaction on, until it was stored again. When all is mended and at rest, no member of a point
 * that counts as whole lacks a stored thing that any listing would show to be missing.
 */
export function damage({ world, truth }: Scene): Invariant {
  const visible = new Map<string, Referring>();
  const beganMs = new Map<string, number>();
  /** `region/name`. */
  const known = new Set<string>();
  const isDamaged = (region: string, name: string): boolean =>
    world.region(region).copies.get(name)?.isWhole !== true;

  const learn = ({ point, names }: Referring, before: RecoveryPoint | undefined): void => {
    const told = new Set(before?.checked.findings.map(nameOf));
    for (const finding of point.checked.findings) {
      const name = nameOf(finding);
      const isOwn = names.get(finding.resource)?.has(name) === true;
      if (isOwn && !told.has(name)) known.add(`${point.region}/${name}`);
    }
  };

  const mustBeKnown = ({ point, names }: Referring): void => {
    for (const member of point.members) {
      const key = resourceKey(member.resource);
      const bad = isWhole(member)
        ? [...(names.get(key) ?? [])].find(
            (name) => known.has(`${point.region}/${name}`) && isDamaged(point.region, name),
          )
        : undefined;
      must(
        'known-damage',
        bad === undefined,
        () =>
          `${point.group}/${point.id} counts ${key} as whole, and ${bad ?? ''} is known as damaged`,
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
        const now = { point, names: before?.names ?? storedNames(point, world) };
        learn(now, before?.point);
        visible.set(path, now);
      }
      if (put.length > 0) for (const each of visible.values()) mustBeKnown(each);
    },
    onEffect({ operation, subject, region }) {
      if (operation === 'put copy') known.delete(`${region}/${subject}`);
    },
    atEnd() {
      for (const { point, names } of visible.values()) {
        if (truth.head(point.group)?.failedOver !== undefined) continue;
        const all = [...visible.values()].filter(({ point: { group } }) => group === point.group);
        if (all.some((other) => other.point.sequence > point.sequence)) continue;
        // What was damaged after it was looked at is the next session's.
        if ((beganMs.get(point.id) ?? 0) < world.healedMs) continue;
        for (const member of point.members.filter(isWhole))
          for (const name of names.get(resourceKey(member.resource)) ?? [])
            must(
              'damage-is-healed',
              world.region(point.region).copies.has(name),
              () => `${name} of the newest point ${point.group}/${point.id} is missing`,
            );
      }
    },
  };
}
