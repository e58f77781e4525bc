import { expect } from 'chai';
import fc from 'fast-check';
import { newestProven } from '../../../replicator/point/choose.ts';
import { lackingMember, stateOfMembers } from '../../../replicator/point/members.ts';
import type { PointMember, RecoveryPoint } from '../../../replicator/point/types.ts';
import type { Retention } from '../../../replicator/policy.ts';
import { decideRetention, type Exemptions } from '../../../replicator/retention/decide.ts';
import { sampleHead } from '../point/sample.ts';

const nothing: Retention = { last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0 };
const head = sampleHead();

function pointAt(dataTime: string, state: RecoveryPoint['state'] = 'proven'): RecoveryPoint {
  return { ...head, id: dataTime, dataTime, state, sequence: Date.parse(dataTime) };
}

/** The data times that stay, newest first. */
function kept(times: readonly string[], policy: Partial<Retention>, now = '2026-12-31T00:00:00Z') {
  const points = times.map((time) => pointAt(time));
  const { keep } = decideRetention(points, { ...nothing, ...policy }, Date.parse(now));
  return keep.map(({ point }) => point.id);
}

describe('retention', () => {
  it('keeps the newest ones by count', () => {
    const times = ['2026-11-21T01:00:00Z', '2026-11-21T03:00:00Z', '2026-11-21T02:00:00Z'];
    expect(kept(times, { last: 2 })).to.deep.equal([times[1], times[2]]);
  });

  it('keeps the newest of each hour and day that has one, in UTC', () => {
    const times = [
      '2026-11-20T23:59:59Z',
      '2026-11-21T00:00:00Z',
      '2026-11-21T05:10:00Z',
      '2026-11-21T05:50:00Z',
    ];
    expect(kept(times, { hourly: 2 })).to.deep.equal([times[3], times[1]]);
    expect(kept(times, { daily: 2 })).to.deep.equal([times[3], times[0]]);
  });

  it('counts ISO weeks, from Monday, over the turn of the year', () => {
    // 2027-01-03 is the Sunday of 2026-W53, 2027-01-04 the Monday of 2027-W01.
    const times = ['2026-12-28T00:00:00Z', '2027-01-03T23:00:00Z', '2027-01-04T00:00:00Z'];
    expect(kept(times, { weekly: 9 }, '2027-02-01T00:00:00Z')).to.deep.equal([times[2], times[1]]);
  });

  it('counts months of the calendar', () => {
    const times = ['2026-01-31T23:59:59Z', '2026-02-01T00:00:00Z', '2026-02-28T12:00:00Z'];
    expect(kept(times, { monthly: 2 })).to.deep.equal([times[2], times[0]]);
    expect(kept(times, { monthly: 1 })).to.deep.equal([times[2]]);
  });

  it('keeps nothing older than the limit but the newest proven point', () => {
    const times = ['2026-12-01T00:00:00Z', '2026-12-02T00:00:00Z'];
    expect(kept(times, { last: 5, maxAgeSeconds: 3600 })).to.deep.equal([times[1]]);
    expect(kept(times, nothing)).to.deep.equal([times[1]]);
  });

  it('says why', () => {
    const point = pointAt('2026-11-21T05:00:00Z');
    const policy = { last: 1, hourly: 1, daily: 1, weekly: 1, monthly: 1 };
    const [only] = decideRetention([point], policy, Date.parse('2026-11-22T00:00:00Z')).keep;
    const reasons = ['newest-proven', 'last', 'hourly', 'daily', 'weekly', 'monthly'];
    expect(only!.reasons).to.deep.equal(reasons);
  });

  it('lets a damaged point stay for a time, and never instead of a proven one', () => {
    const proven = ['2026-11-21T01:00:00Z', '2026-11-21T02:00:00Z'].map((time) => pointAt(time));
    const damaged = ['2026-11-21T03:00:00Z', '2026-11-21T00:00:00Z'].map((time) =>
      pointAt(time, 'damaged'),
    );
    const policy = { ...nothing, last: 2 };
    const { keep, drop } = decideRetention(
      [...proven, ...damaged],
      policy,
      Date.parse(head.cutEnd),
    );
    expect(keep.map(({ point }) => point)).to.deep.equal([damaged[0], proven[1], proven[0]]);
    expect(drop).to.deep.equal([damaged[1]]);
  });
});

describe('what retention keeps beside the policy', () => {
  const at = (hour: number) => `2026-11-21T0${hour}:00:00Z`;
  const now = Date.parse('2026-11-21T12:00:00Z');
  const [data, base, photos] = head.members as [PointMember, PointMember, PointMember];
  const lacking = (member: PointMember, code = 'member.unusable'): PointMember =>
    lackingMember({ resource: member.resource, code, message: '-' });
  const point = (hour: number, ...members: readonly PointMember[]): RecoveryPoint => ({
    ...pointAt(at(hour), stateOfMembers(members)),
    sequence: hour,
    members,
  });
  const reasons = (points: readonly RecoveryPoint[], exemptions?: Exemptions) =>
    decideRetention(points, { ...nothing, last: 1 }, now, exemptions).keep.map((kept) => [
      kept.point.sequence,
      ...kept.reasons,
    ]);

  it('the newest whole copy of each resource, which points without it never push out', () => {
    const points = [
      point(5, data, lacking(base), photos),
      point(4, data, lacking(base), { ...photos, state: 'damaged' }),
      point(3, data, base, photos),
      point(2, data, base, photos),
    ];
    expect(reasons(points)).to.deep.equal([
      [5, 'last', 'newest copy of volume/v-1, container/photos'],
      [3, 'newest-proven'],
    ]);
    const without = points
      .slice(0, 2)
      .concat(point(3, { ...data, state: 'damaged' }, base, photos));
    expect(reasons(without)).to.deep.equal([
      [5, 'last', 'newest copy of volume/v-1, container/photos'],
      [3, 'newest copy of image/i-1'],
    ]);
  });

  it('not the copies of what the group does not have any more, by its own word', () => {
    expect(reasons([point(5, data), point(3, data, photos)])).to.deep.equal([
      [5, 'newest-proven', 'last'],
    ]);
  });

  it('the last copy of what is lost, and of what was emptied or changed the last from before that', () => {
    const points = [
      point(5, data, lacking(base, 'resource.lost'), photos),
      point(4, data, lacking(base, 'resource.lost'), photos),
      point(3, data, base, photos),
      point(2, data, base, photos),
    ];
    const lost = { resource: 'image/i-1', why: 'lost since x' };
    const emptied = { resource: 'container/photos', why: 'emptied since x', before: 3 };
    const exemptions = { held: new Map(), copies: [lost, emptied] };
    expect(reasons(points, exemptions)).to.deep.equal([
      [5, 'last', 'newest copy of volume/v-1, container/photos'],
      [3, 'newest-proven', 'last copy of image/i-1, lost since x'],
      [2, 'last copy of container/photos, emptied since x'],
    ]);
    expect(reasons(points), 'released').to.deep.equal([
      [5, 'last', 'newest copy of volume/v-1, container/photos'],
      [3, 'newest-proven'],
    ]);
  });

  it('what an operator holds, whatever state it is in', () => {
    const points = [point(5, data), point(4, { ...data, state: 'damaged' }), point(3, data)];
    const exemptions = { held: new Map([[points[1]!.id, 'evidence']]), copies: [] };
    expect(reasons(points, exemptions)).to.deep.equal([
      [5, 'newest-proven', 'last'],
      [4, 'held: evidence'],
    ]);
  });
});

const startMs = Date.parse('2026-01-01T00:00:00Z');
const nowMs = startMs + 400 * 86_400_000;
const somePoints = fc
  .uniqueArray(fc.integer({ min: 0, max: 400 * 24 * 4 }), { maxLength: 60 })
  .chain((quarters) =>
    fc.tuple(
      ...quarters.map((quarter) =>
        fc
          .constantFrom('proven', 'proven', 'proven', 'damaged', 'expiring')
          .map((state) => pointAt(new Date(startMs + quarter * 900_000).toISOString(), state)),
      ),
    ),
  );
const count = fc.integer({ min: 0, max: 5 });
const somePolicy: fc.Arbitrary<Retention> = fc
  .record({
    last: count,
    hourly: count,
    daily: count,
    weekly: count,
    monthly: count,
    maxAgeSeconds: fc.option(fc.integer({ min: 3600, max: 40_000_000 })),
  })
  .map(({ maxAgeSeconds, ...counts }) =>
    maxAgeSeconds === null ? counts : { ...counts, maxAgeSeconds },
  );

/** fast-check prints the seed of a failure; the same seed and path repeat it. */
describe('retention, whatever the points and the policy', () => {
  const holds = (check: (points: readonly RecoveryPoint[], policy: Retention) => void): void => {
    fc.assert(fc.property(somePoints, somePolicy, check));
  };

  it('puts every point that is offered on one side, and none on both', () =>
    holds((points, policy) => {
      const { keep, drop } = decideRetention(points, policy, nowMs);
      const all = [...keep.map(({ point }) => point), ...drop].map(({ id }) => id).sort();
      const offered = points.filter(({ state }) => state !== 'expiring').map(({ id }) => id);
      expect(all).to.deep.equal(offered.sort());
    }));

  it('never drops the newest proven point', () =>
    holds((points, policy) => {
      expect(decideRetention(points, policy, nowMs).drop).not.to.include(newestProven(points));
    }));

  it('keeps the same proven points whether there are damaged ones or not', () =>
    holds((points, policy) => {
      const proven = points.filter(({ state }) => state === 'proven');
      const provenKept = (of: readonly RecoveryPoint[]): readonly string[] =>
        decideRetention(of, policy, nowMs)
          .keep.filter(({ point }) => point.state === 'proven')
          .map(({ point }) => point.id);
      expect(provenKept(points)).to.deep.equal(provenKept(proven));
    }));

  it('drops nothing more when asked again', () =>
    holds((points, policy) => {
      const { keep } = decideRetention(points, policy, nowMs);
      const left = keep.map(({ point }) => point);
      expect(decideRetention(left, policy, nowMs).drop).to.be.empty;
    }));

  it('keeps no more proven points than the policy counts, and the newest', () =>
    holds((points, policy) => {
      const { keep } = decideRetention(points, policy, nowMs);
      const { last, hourly, daily, weekly, monthly } = policy;
      const proven = keep.filter(({ point }) => point.state === 'proven');
      expect(proven.length).to.be.at.most(last + hourly + daily + weekly + monthly + 1);
    }));
});
