import { expect } from 'chai';
import type { Schedule } from '../../../replicator/policy.ts';
import { nextRun } from '../../../replicator/schedule/next-run.ts';
import { longestGapSeconds } from '../../../replicator/schedule/longest-gap.ts';

const half = { next: () => 0.5, id: () => '0' };
const hour = 3600;

function cron(pattern: string, timeZone = 'UTC', jitterSeconds = 0): Schedule {
  return { cron: pattern, timeZone, jitterSeconds };
}

function next(schedule: Schedule, last: string): string {
  return new Date(nextRun(schedule, Date.parse(last), half)).toISOString();
}

/** The runs of a process that never sleeps. */
function runs(schedule: Schedule, from: string, count: number): string[] {
  const times: string[] = [];
  for (let last = from; times.length < count; times.push(last)) last = next(schedule, last);
  return times;
}

describe('the next run', () => {
  it('is the interval after the last one began, and jitter', () => {
    expect(next({ every: 900, jitterSeconds: 0 }, '2026-11-21T08:00:00Z')).to.equal(
      '2026-11-21T08:15:00.000Z',
    );
    expect(next({ every: 900, jitterSeconds: 60 }, '2026-11-21T08:00:00Z')).to.equal(
      '2026-11-21T08:15:30.000Z',
    );
    expect(next(cron('0 * * * *', 'UTC', 60), '2026-11-21T08:00:30Z')).to.equal(
      '2026-11-21T09:00:30.000Z',
    );
  });

  it('makes up many missed runs once', () => {
    const now = Date.parse('2026-11-22T08:07:00Z');
    for (const schedule of [{ every: 900, jitterSeconds: 0 }, cron('*/15 * * * *')]) {
      const due = nextRun(schedule, Date.parse('2026-11-21T08:00:00Z'), half);
      expect(due, 'in the past: run at once').to.be.below(now);
      expect(nextRun(schedule, now, half), 'and then in the future').to.be.above(now);
    }
  });

  it('goes by the time zone', () => {
    expect(next(cron('30 3 * * *', 'Asia/Tokyo'), '2026-11-21T00:00:00Z')).to.equal(
      '2026-11-21T18:30:00.000Z',
    );
  });

  it('runs a fixed hour once on the night when clocks go forward over it', () => {
    // Berlin, 2026-03-29: 02:00 becomes 03:00 at 01:00 UTC.
    expect(runs(cron('30 2 * * *', 'Europe/Berlin'), '2026-03-27T12:00:00Z', 3)).to.deep.equal([
      '2026-03-28T01:30:00.000Z',
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ]);
  });

  it('runs a fixed hour once on the night when it comes twice', () => {
    // Berlin, 2026-10-25: 03:00 becomes 02:00 at 01:00 UTC.
    expect(runs(cron('30 2 * * *', 'Europe/Berlin'), '2026-10-24T12:00:00Z', 2)).to.deep.equal([
      '2026-10-25T00:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
    ]);
  });

  it('keeps the pace of a repeating pattern over both changes', () => {
    for (const night of ['2026-03-28T23:00:00Z', '2026-10-24T23:00:00Z']) {
      const times = runs(cron('*/30 * * * *', 'Europe/Berlin'), night, 12).map(Date.parse);
      for (const [index, time] of times.entries())
        expect(time).to.equal(Date.parse(night) + (index + 1) * 1_800_000);
    }
  });

  it('never comes for a pattern that matches no more', () => {
    expect(nextRun(cron('0 0 30 2 *'), 0, half)).to.equal(Infinity);
  });

  it('throws for a pattern or a time zone that does not exist, and for seconds', () => {
    expect(() => nextRun(cron('61 * * * *'), 0, half)).to.throw();
    expect(() => nextRun(cron('* * * * * *'), 0, half)).to.throw();
    expect(() => nextRun(cron('* * * * *', 'Mars/Olympus'), 0, half)).to.throw();
  });
});

describe('the longest time between two runs', () => {
  const gaps: readonly (readonly [Schedule, number])[] = [
    [{ every: 900, jitterSeconds: 60 }, 960],
    [cron('* * * * *'), 60],
    [cron('*/15 * * * *', 'UTC', 30), 930],
    [cron('0 9-17 * * *'), 16 * hour],
    [cron('*/5 8-17 * * 1-5'), 62 * hour + 300],
    [cron('0 6-10 * * 0,1'), (5 * 24 + 20) * hour],
    [cron('0 0 1 * *'), 31 * 24 * hour],
    [cron('0 3 * * *', 'Europe/Berlin'), 25 * hour],
    [cron('0 0 * 1 *'), 336 * 24 * hour],
    [cron('0 0 30 2 *'), Infinity],
  ];

  for (const [schedule, seconds] of gaps)
    it(`is ${seconds} s for ${JSON.stringify(schedule)}`, () => {
      expect(longestGapSeconds(schedule)).to.equal(seconds);
    });
});
