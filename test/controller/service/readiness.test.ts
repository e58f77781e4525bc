import { expect } from 'chai';
import type { ControllerInfo } from '../../../controller/cluster/types.ts';
import { ReadinessReport, type ReadinessDeps } from '../../../controller/service/readiness.ts';

const infoOf = (site: string): ControllerInfo => ({
  id: `${site}-1`,
  site,
  region: site,
  startedAt: '2026-11-21T08:00:00.000Z',
  version: '1.0.0',
});
const [east, west] = [infoOf('east'), infoOf('west')];

describe('readiness', () => {
  let there: readonly ControllerInfo[];
  let self: ControllerInfo | null;
  let health: ReturnType<ReadinessDeps['health']>;
  let mirrors: { isFilled: boolean; staleMs: number; lagMs: number };
  let isTakenUp: boolean;
  let report: ReadinessReport;

  beforeEach(() => {
    there = [east, west];
    self = west;
    health = { hasQuorum: true, quorumAgeMs: 120 };
    mirrors = { isFilled: true, staleMs: 0, lagMs: 0 };
    isTakenUp = true;
    report = new ReadinessReport({
      site: 'west',
      siteNames: ['east', 'west', 'witness'],
      health: () => health,
      mirrors: {
        get isFilled() {
          return mirrors.isFilled;
        },
        get staleMs() {
          return mirrors.staleMs;
        },
        get lagMs() {
          return mirrors.lagMs;
        },
      },
      cluster: {
        get self() {
          return self;
        },
        controllers: () => there,
        leader: () => east,
        isLeader: () => self?.id === east.id,
      },
      claimsHeld: () => ({ session: 2, execution: 1 }),
      member: () => null,
      isTakenUp: () => isTakenUp,
    });
  });

  it('is given when nothing is missing', () => {
    expect(report.readiness()).to.deep.equal({
      ready: true,
      reasons: [],
      role: 'member',
      site: 'west',
      quorum: true,
      staleSeconds: 0,
    });
  });

  const missing: readonly [what: string, take: () => void, staleSeconds: number][] = [
    ['the work of earlier runs', () => (isTakenUp = false), 0],
    ['lease', () => (self = null), 0],
    ['majority', () => (health = { hasQuorum: false, quorumAgeMs: 6400 }), 7],
    ['majority', () => (health = { hasQuorum: false, quorumAgeMs: 0 }), 1],
    ['copy of the state', () => (mirrors = { isFilled: true, staleMs: 2100, lagMs: 0 }), 3],
    ['copy of the state', () => (mirrors = { isFilled: false, staleMs: 900, lagMs: 0 }), 0],
  ];
  for (const [what, take, staleSeconds] of missing)
    it(`is refused without ${what}, at ${staleSeconds} s`, () => {
      take();
      const { ready, reasons, staleSeconds: age } = report.readiness();
      expect(ready).to.equal(false);
      expect(reasons).to.have.length(1);
      expect(reasons[0]).to.include(what);
      expect(age).to.equal(staleSeconds);
    });

  it('names every reason', () => {
    [isTakenUp, self] = [false, null];
    health = { hasQuorum: false, quorumAgeMs: 1000 };
    expect(report.readiness().reasons).to.have.length(3);
  });

  it('shows sites that are configured, or were seen, as there or not', () => {
    there = [...there, infoOf('guest')];
    expect([...report.figures().sites]).to.deep.equal([
      ['east', true],
      ['west', true],
      ['witness', false],
      ['guest', true],
    ]);
    there = [west];
    expect([...report.figures().sites.values()]).to.deep.equal([false, true, false, false]);
  });

  it('gives the figures of this controller, and what it knows of the others', () => {
    mirrors = { isFilled: true, staleMs: 0, lagMs: 250 };
    expect(report.figures()).to.deep.include({
      isLeader: false,
      hasLease: true,
      claims: { session: 2, execution: 1 },
      lagSeconds: 0.25,
      quorumAgeSeconds: 0.12,
    });
    expect(report.cluster(3)).to.deep.equal({
      self: west,
      leader: east,
      controllers: [east, west],
      epoch: 3,
      quorum: true,
      staleSeconds: 0,
    });
  });
});
