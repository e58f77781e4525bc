import { expect } from 'chai';
import type { MirrorListener } from '../../../controller/mirror/mirror.ts';
import {
  PointTallies,
  shortPoint,
  type ShortPoint,
} from '../../../controller/mirror/point-tallies.ts';
import type { RecoveryPoint } from '../../../replicator/point/types.ts';
import { pointOf } from '../support/fixtures.ts';

describe('PointTallies', () => {
  let tell: MirrorListener<ShortPoint>;
  let tallies: PointTallies;

  beforeEach(() => {
    tallies = new PointTallies({
      onChange: (listener) => {
        tell = listener;
        return () => undefined;
      },
    });
  });

  const short = (point: RecoveryPoint) =>
    shortPoint({ path: '', value: point, createRevision: 1, modRevision: 1 });
  const change = (before: RecoveryPoint | null, after: RecoveryPoint | null) => {
    const { group, id } = (after ?? before)!;
    const path = `points/${group}/${id}`;
    tell(
      [
        {
          path,
          before: before === null ? undefined : short(before),
          after: after === null ? undefined : short(after),
        },
      ],
      1,
    );
  };

  it('counts by state, and knows the newest proven one, as points come, change and go', () => {
    const older = pointOf('shop', 'p1', '2026-11-21T08:00:00.000Z');
    const newer = pointOf('shop', 'p2', '2026-11-21T08:30:00.000Z');
    const nothing = { newest: null, proven: 0, partial: 0, damaged: 0 };
    expect(tallies.of('shop')).to.deep.include(nothing);
    change(null, newer);
    change(null, older);
    expect(tallies.of('shop')).to.deep.include({ proven: 2, damaged: 0 });
    expect(tallies.of('shop').newest?.id).to.equal('p2');
    change(newer, { ...newer, state: 'damaged' });
    expect(tallies.of('shop')).to.deep.include({ proven: 1, damaged: 1 });
    expect(tallies.of('shop').newest?.id).to.equal('p1');
    const [member] = older.members;
    const members = [member!, { ...member!, state: 'damaged', damaged: 1 } as const];
    const part = { ...older, state: 'partial', members } as const;
    change(older, part);
    expect(tallies.of('shop')).to.deep.include({ partial: 1, damaged: 1, damagedCopies: 1 });
    change(part, { ...part, state: 'expiring' });
    expect(tallies.of('shop')).to.deep.include({ damagedCopies: 0 });
    change({ ...part, state: 'expiring' }, null);
    expect(tallies.of('shop')).to.deep.include({ ...nothing, damaged: 1 });
    change(newer, null);
    expect(tallies.of('shop')).to.deep.include(nothing);
  });

  it('keeps groups apart, and counts again only after a change', () => {
    change(null, pointOf('shop', 'p1', '2026-11-21T08:00:00.000Z'));
    const first = tallies.of('shop');
    change(null, pointOf('office', 'p1', '2026-11-21T08:00:00.000Z'));
    expect(tallies.of('shop')).to.equal(first);
    change(null, pointOf('shop', 'p2', '2026-11-21T08:10:00.000Z'));
    expect(tallies.of('shop').proven).to.equal(2);
    expect(tallies.of('office').proven).to.equal(1);
  });
});
