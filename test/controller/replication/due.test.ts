import { expect } from 'chai';
import { dueOf } from '../../../controller/replication/due.ts';
import type { Standing } from '../../../controller/replication/standing.ts';
import { latestOf } from '../../../controller/state/summary.ts';
import { countingRandom, gold, sessionOf } from '../support/fixtures.ts';

const nowMs = Date.parse('2026-11-21T08:00:00Z');
const ahead = '2026-11-21T10:00:00.000Z';

function standing(change: Partial<Standing>): Standing {
  return {
    isResting: false,
    policy: gold,
    session: null,
    createdAt: ahead,
    regions: [],
    ...change,
  };
}

/** Of the policy `gold`: every 300 s. */
describe('what is due, by times that a clock wrote which was two hours ahead', () => {
  it('a group that was just made is due now', () => {
    expect(dueOf(standing({}), nowMs, countingRandom())).to.deep.equal({
      type: 'start',
      atMs: nowMs,
    });
  });

  it('a session that was just done is followed by the next after the interval', () => {
    const done = sessionOf('shop', 's1', { phase: 'done', startedAt: ahead, endedAt: ahead });
    const session = latestOf(done, null);
    const due = dueOf(standing({ session }), nowMs, countingRandom());
    expect(due).to.deep.equal({ type: 'start', atMs: nowMs + 300_000 });
  });

  it('a session that failed is followed by the next after the backoff', () => {
    const failed = sessionOf('shop', 's1', { phase: 'failed', startedAt: ahead, endedAt: ahead });
    const session = latestOf(failed, null);
    const due = dueOf(standing({ session }), nowMs, countingRandom());
    expect(due).to.deep.equal({ type: 'start', atMs: nowMs + 60_000 });
  });
});
