import { expect } from 'chai';
import { compareEpochs } from '../../../controller/raft/epochs.ts';
import { memberFlags, timingsFor } from '../../../controller/raft/member/flags.ts';
import type { MemberRecord } from '../../../controller/raft/member-record.ts';
import { forcingFlags } from '../../../controller/raft/orders/force-quorum.ts';
import { snapshotName, timeOf } from '../../../controller/raft/snapshots/schedule.ts';
import { inOrder, isFragmented } from '../../../controller/raft/upkeep/care.ts';
import { siteAt, threeSites } from './support/managed.ts';

const at = '2026-01-02T03:04:05.678Z';

describe('epochs', () => {
  const epoch = (number: number, site = 'west') => ({ epoch: number, at, site });
  const seen = (number: number, site = 'west') => ({ ...epoch(number, site), reason: 'r' });

  it('leave a member behind when another site has a higher one', () => {
    expect(compareEpochs(null, seen(1))).to.equal('superseded');
    expect(compareEpochs(epoch(1), seen(2))).to.equal('superseded');
  });

  it('leave it alone when another has none, a lower one, or the same', () => {
    expect(compareEpochs(null, null)).to.equal('same');
    expect(compareEpochs(epoch(1), null)).to.equal('same');
    expect(compareEpochs(epoch(2), seen(1))).to.equal('same');
    expect(compareEpochs(epoch(1), seen(1))).to.equal('same');
  });

  it('tell that two sites were each forced alone', () => {
    expect(compareEpochs(epoch(1), seen(1, 'witness'))).to.equal('split');
    expect(compareEpochs({ ...epoch(1), at: '2026-01-02T03:04:06.000Z' }, seen(1))).to.equal(
      'split',
    );
  });
});

describe("a member's flags", () => {
  const record = (site: string): MemberRecord => ({
    site,
    token: '0123456789abcdef',
    state: 'new',
    members: threeSites,
    firstSite: 'east',
    createdAt: at,
    epoch: null,
    isReady: false,
  });
  const flagsOf = (site: string) => {
    const managed = siteAt('/var/lib/farshore', site);
    const flags = memberFlags({ ...managed, record: record(site) });
    return new Map(
      flags.map((flag) => /^--([^=]+)=(.*)$/.exec(flag)!.slice(1) as [string, string]),
    );
  };

  it('listen where the others call, and on loopback for the controller beside it', () => {
    const flags = flagsOf('west');
    expect(flags.get('listen-peer-urls')).to.equal('https://10.0.2.10:2380');
    expect(flags.get('listen-client-urls')).to.equal(
      'https://10.0.2.10:2379,https://127.0.0.1:2379',
    );
    expect(flags.get('advertise-client-urls')).to.equal('https://10.0.2.10:2379');
  });

  it('listen on every address where the others call a name', () => {
    expect(flagsOf('witness').get('listen-client-urls')).to.equal('https://0.0.0.0:2379');
    expect(flagsOf('witness').get('advertise-client-urls')).to.equal('https://etcd.example:2379');
  });

  it('take a transaction of all keys of a large group', () => {
    expect(Number(flagsOf('east').get('max-txn-ops'))).to.equal(1024);
  });

  it('let nobody else call a member while quorum is forced', () => {
    const managed = siteAt('/var/lib/farshore', 'west');
    const flags = forcingFlags({ ...managed, record: record('west') });
    expect(flags.filter((flag) => flag.startsWith('--listen-'))).to.deep.equal([
      '--listen-peer-urls=https://127.0.0.1:2380',
      '--listen-client-urls=https://127.0.0.1:2379',
    ]);
    expect(flags.at(-1)).to.equal('--force-new-cluster=true');
  });

  it('name all members of the beginning, and let in nobody without a certificate', () => {
    const flags = flagsOf('east');
    expect(flags.get('initial-cluster')).to.equal(
      'east=https://127.0.0.1:1,west=https://10.0.2.10:2380,witness=https://etcd.example:2380',
    );
    expect(flags.get('client-cert-auth')).to.equal('true');
    expect(flags.get('peer-client-cert-auth')).to.equal('true');
  });

  for (const [roundTripMs, heartbeatMs] of [
    [1, 100],
    [80, 100],
    [100, 100],
    [250.5, 251],
  ] as const)
    it(`a round trip of ${roundTripMs} ms: heartbeats each ${heartbeatMs} ms`, () => {
      expect(timingsFor(roundTripMs)).to.deep.equal({ heartbeatMs, electionMs: 10 * heartbeatMs });
    });
});

describe('care for the members', () => {
  const mebibyte = 1024 ** 2;

  it('defragments what is large and more than half unused', () => {
    expect(isFragmented({ dbBytes: 64 * mebibyte, dbBytesInUse: 31 * mebibyte })).to.equal(true);
    expect(isFragmented({ dbBytes: 64 * mebibyte, dbBytesInUse: 32 * mebibyte })).to.equal(false);
    expect(isFragmented({ dbBytes: 63 * mebibyte, dbBytesInUse: 0 })).to.equal(false);
  });

  it('comes to the leading member last', () => {
    const status = (memberId: string) => ({
      clusterId: '1',
      memberId,
      version: '3.4.23',
      leaderId: 'a',
      term: 1,
      raftIndex: 1,
      appliedIndex: 1,
      dbBytes: 1,
      dbBytesInUse: 1,
      isLearner: false,
    });
    const seen = ['a', 'b', 'c'].map((id) => ({ status: status(id) }));
    expect(inOrder(seen).map((one) => one.status.memberId)).to.deep.equal(['b', 'c', 'a']);
  });
});

describe("a snapshot's name", () => {
  it('is that of its time', () => {
    expect(snapshotName(Date.parse(at))).to.equal('2026-01-02T03-04-05-678Z.snapshot');
    expect(timeOf(snapshotName(Date.parse(at)))).to.equal(Date.parse(at));
  });

  for (const name of [
    '2026-01-02T03-04-05-678Z.snapshot.new',
    '2026-13-02T03-04-05-678Z.snapshot',
    'x',
  ])
    it(`is not ${name}`, () => {
      expect(timeOf(name)).to.equal(null);
    });
});
