import { resourceKey } from '../../../replicator/mover.ts';
import { isWhole } from '../../../replicator/point/members.ts';
import type { RecoveryPoint } from '../../../replicator/point/types.ts';
import type { ScrubRecord } from '../../../controller/state/records.ts';
import { storedNames } from './stored-names.ts';
import { deletedBelow, must, putBelow, type Invariant, type Scene } from './types.ts';

interface Round {
  readonly beganMs: number;
  /** Points that there were when it began, by their keys. */
  readonly points: ReadonlySet<string>;
}

/**
 * What was damaged before a round of reading everything again began is known when it ends: of each point that
 * there was at its beginning and is now, no member counts as whole that refers to it.
 */
export function scrubs({ world }: Scene): Invariant {
  const visible = new Map<string, RecoveryPoint>();
  /** By `group/region`. */
  const rounds = new Map<string, Round>();

  const ended = (where: string, round: Round): void => {
    const [group = '', region = ''] = where.split('/');
    for (const [path, point] of visible) {
      if (point.group !== group || point.region !== region || !round.points.has(path)) continue;
      const names = storedNames(point, world);
      for (const member of point.members.filter(isWhole))
        for (const name of names.get(resourceKey(member.resource)) ?? []) {
          const sinceMs = world.rotten.get(`${region}/${name}`) ?? Infinity;
          must(
            'scrub-finds',
            sinceMs >= round.beganMs || world.region(region).copies.get(name)?.isWhole === true,
            () => `${path} counts ${name} as whole, which was damaged when the round began`,
          );
        }
    }
  };

  return {
    onCommit(transaction) {
      for (const path of deletedBelow(transaction, 'points/')) visible.delete(path);
      for (const [path, point] of putBelow<RecoveryPoint>(transaction, 'points/'))
        if (point.state === 'expiring') visible.delete(path);
        else visible.set(path, point);
      for (const where of deletedBelow(transaction, 'scrubs/')) rounds.delete(where);
      for (const [where, record] of putBelow<ScrubRecord>(transaction, 'scrubs/')) {
        const round = rounds.get(where);
        if (record.round === undefined) {
          if (round !== undefined) ended(where, round);
          rounds.delete(where);
        } else if (round === undefined)
          rounds.set(where, {
            beganMs: world.scheduler.nowMs,
            points: new Set(visible.keys()),
          });
      }
    },
  };
}
