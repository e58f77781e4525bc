import { expect } from 'chai';
import {
  readSince,
  scrubDue,
  type ScrubStanding,
} from '../../../controller/replication/scrub-due.ts';

const dayMs = 86_400_000;
const createdAt = '2026-11-01T00:00:00.000Z';
const createdMs = Date.parse(createdAt);
const standing: ScrubStanding = { periodSeconds: 30 * 86_400, createdAt, record: null };
const at = (days: number) => createdMs + days * dayMs;
const iso = (days: number) => new Date(at(days)).toISOString();
const ended = (days: number, seconds: number) => ({
  last: { startedAt: iso(days), endedAt: iso(days + seconds / 86_400), seconds, bytes: 1 },
});

describe('when copies are read again', () => {
  it('never, by a policy that says so, whatever was begun', () => {
    const round = { startedAt: createdAt, suspects: {}, after: null, bytes: 0, damaged: 0 };
    for (const record of [null, { round }])
      expect(scrubDue({ ...standing, periodSeconds: null, record }, at(100))).to.deep.equal({
        type: 'never',
      });
  });

  it('first when three quarters of the period have passed since the group was made', () => {
    expect(scrubDue(standing, at(22.4))).to.deep.equal({ type: 'wait', untilMs: at(22.5) });
    expect(scrubDue(standing, at(22.5))).to.deep.equal({ type: 'read', deadlineMs: at(30) });
  });

  it('then counted from the beginning of the last round, not from its end', () => {
    const record = ended(20, 86_400);
    expect(scrubDue({ ...standing, record }, at(42.4)).type).to.equal('wait');
    expect(scrubDue({ ...standing, record }, at(42.5))).to.deep.equal({
      type: 'read',
      deadlineMs: at(50),
    });
  });

  it('so early that twice the last time is left; at once where that is more than the period', () => {
    const record = ended(0, 10 * 86_400);
    expect(scrubDue({ ...standing, record }, at(9.9)).type).to.equal('wait');
    expect(scrubDue({ ...standing, record }, at(10.1)).type).to.equal('read');
    expect(scrubDue({ ...standing, record: ended(0, 20 * 86_400) }, at(20)).type).to.equal('read');
  });

  it('goes on with what was begun', () => {
    const round = { startedAt: iso(22.5), suspects: {}, after: null, bytes: 0, damaged: 0 };
    const record = { ...ended(0, 60), round };
    expect(scrubDue({ ...standing, record }, at(22.6)).type).to.equal('read');
  });

  it('now, when the last one is yet to come: some clock ran ahead', () => {
    const record = ended(400, 60);
    expect(scrubDue({ ...standing, record }, at(1))).to.deep.equal({
      type: 'read',
      deadlineMs: at(1),
    });
  });

  it('everything was read since the last round began, or since there is anything', () => {
    expect(readSince(standing)).to.equal(createdAt);
    expect(readSince({ ...standing, record: ended(3, 86_400) })).to.equal(iso(3));
  });
});
