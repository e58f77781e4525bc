import { expect } from 'chai';
import { summarize } from '../../../controller/state/summary.ts';
import { statusOf, type StatusInput } from '../../../controller/service/status.ts';
import { shortOf, tallyOf } from '../../../controller/mirror/point-tallies.ts';
import type { RecoveryPoint } from '../../../replicator/point/types.ts';
import type { Group } from '../../../controller/model/types.ts';
import type { ExecutionSummary } from '../../../runbooks/execution/summary.ts';
import { firstHead, gold, pointOf, sessionOf, specOf, volume } from '../support/fixtures.ts';

const nowMs = Date.parse('2026-11-21T09:00:00Z');
const failedOver = { executionId: 'x1', from: 'east', at: '2026-11-21T08:50:00.000Z' };

type Change = Partial<Omit<StatusInput, 'points'>> & { readonly points?: readonly RecoveryPoint[] };

function statusWith({ points = [], ...change }: Change = {}) {
  return statusOf({
    group: {
      spec: specOf('shop'),
      generation: 1,
      primary: 'east',
      resources: [volume],
      createdAt: '2026-11-21T08:00:00.000Z',
    },
    head: firstHead,
    policy: gold,
    points: tallyOf(points.map(shortOf)),
    changes: [],
    session: null,
    progress: null,
    rto: null,
    executions: [],
    scrub: null,
    nextSessionMs: null,
    nowMs,
    ...change,
  });
}

const minutesAgo = (minutes: number) => new Date(nowMs - minutes * 60_000).toISOString();

describe('statusOf', () => {
  it('without a proven point a group is at risk, and its RPO unknown', () => {
    const points = [pointOf('shop', 'p1', minutesAgo(1), { state: 'damaged' })];
    const status = statusWith({ points });
    expect(status).to.include({ state: 'at-risk', rpoSeconds: null, newestUsablePoint: null });
    expect(status.points).to.deep.equal({ proven: 0, partial: 0, damaged: 1 });
  });

  const table: readonly [minutes: readonly number[], seconds: number, state: string][] = [
    [[15, 30], 900, 'protected'],
    [[14], 840, 'protected'],
    [[15.1, 60], 906, 'at-risk'],
  ];
  for (const [minutes, seconds, state] of table)
    it(`proven data of ${minutes.join(' and ')} minutes ago: ${state}`, () => {
      const points = minutes.map((each) => pointOf('shop', `p${each}`, minutesAgo(each)));
      const status = statusWith({ points });
      expect(status).to.include({ rpoSeconds: seconds, state });
      expect(status.newestUsablePoint).to.equal(`p${minutes[0]}`);
      expect(status.newestProvenDataTime).to.equal(minutesAgo(minutes[0]!));
    });

  it('damage to the newest point takes the RPO back to the one before', () => {
    const newest = pointOf('shop', 'p2', minutesAgo(2));
    const older = pointOf('shop', 'p1', minutesAgo(10));
    expect(statusWith({ points: [newest, older] }).rpoSeconds).to.equal(120);
    const damaged = { ...newest, state: 'damaged' } as const;
    expect(statusWith({ points: [damaged, older] }).rpoSeconds).to.equal(600);
  });

  it('a failover outweighs a pause, and a pause a good RPO', () => {
    const points = [pointOf('shop', 'p1', minutesAgo(1))];
    const group = {
      spec: specOf('shop', { paused: true }),
      generation: 1,
      primary: 'east',
      resources: [],
      createdAt: '',
    };
    expect(statusWith({ points, group }).state).to.equal('paused');
    expect(statusWith({ points, group: { ...group, failedOver } }).state).to.equal('failed-over');
  });

  it('tells a failover under way, and one that failed, from one that is done', () => {
    const points = [pointOf('shop', 'p1', minutesAgo(1))];
    const of = (state: ExecutionSummary['state'], isRaised: boolean, id = 'x1') => {
      const group: Group = {
        spec: specOf('shop'),
        generation: 1,
        primary: 'east',
        resources: [],
        createdAt: '',
        ...(isRaised ? { failedOver } : {}),
      };
      const execution = { id, mode: 'failover', state, gates: [], failed: null } as const;
      const times = { declaredAt: minutesAgo(9), since: minutesAgo(3) };
      return statusWith({ points, group, executions: [{ ...execution, ...times }] });
    };
    expect(of('running', false).state).to.equal('failing-over');
    expect(of('waiting', true).state).to.equal('failing-over');
    for (const state of ['succeeded', 'unchecked', 'partial'] as const)
      expect(of(state, true).state).to.equal('failed-over');
    for (const state of ['failed', 'cancelled'] as const) {
      expect(of(state, true).state).to.equal('failover-failed');
      // It ended before the secondary took over, or another one had made it the primary.
      expect(of(state, false).state).to.equal('protected');
      expect(of(state, true, 'x2').state).to.equal('failed-over');
    }
    expect(of('waiting', true).executions.map(({ ageSeconds }) => ageSeconds)).to.deep.equal([180]);
  });

  it('says since when all was read: since there is anything, then since the last round began', () => {
    const points = [pointOf('shop', 'p1', minutesAgo(1))];
    const group = {
      spec: specOf('shop'),
      generation: 1,
      primary: 'east',
      resources: [],
      createdAt: minutesAgo(600),
    };
    const before = statusWith({ points, group }).verification;
    expect(before).to.deep.equal({
      readSince: minutesAgo(600),
      ageSeconds: 36_000,
      periodSeconds: 2_592_000,
      lastEndedAt: null,
      round: null,
    });
    const last = { startedAt: minutesAgo(60), endedAt: minutesAgo(50), seconds: 600, bytes: 7 };
    const round = { startedAt: minutesAgo(5), suspects: {}, after: null, bytes: 3, damaged: 1 };
    const status = statusWith({ points, group, scrub: { last, round } }).verification;
    expect(status).to.deep.include({ ageSeconds: 3_600, lastEndedAt: minutesAgo(50) });
    expect(status?.round).to.deep.equal({ startedAt: minutesAgo(5), bytes: 3, damaged: 1 });
    expect(statusWith({ points: [], group }).verification, 'nothing to read').to.equal(null);
    const off = { ...gold, verification: { ...gold.verification, periodSeconds: null } };
    expect(statusWith({ points, group, policy: off }).verification).to.equal(null);
  });

  it('names what the session waits for once that has not moved for minutes', () => {
    const waiting = [
      { subject: 'volume a', text: 'Cinder backs it up', isStalled: false },
      { subject: 'volume b', text: 'backup b-1 does not move', isStalled: true },
    ];
    expect(statusWith({ progress: { waiting } }).stalled).to.deep.equal([
      { subject: 'volume b', text: 'backup b-1 does not move' },
    ]);
    expect(statusWith().stalled).to.deep.equal([]);
  });

  it('shows the session, when the next is due and the RTO that was measured', () => {
    const status = statusWith({
      session: summarize(sessionOf('shop', 's1', { error: { code: 'a.b', message: 'c' } })),
      rto: { seconds: 42, executionId: 'x1', at: minutesAgo(5) },
      nextSessionMs: nowMs,
    });
    expect(status.session).to.deep.include({
      id: 's1',
      endedAt: null,
      error: { code: 'a.b', message: 'c' },
    });
    expect(status).to.include({ rtoSeconds: 42, nextSessionAt: '2026-11-21T09:00:00.000Z' });
  });
});
