import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { FarshoreError } from '../../../kernel/errors.ts';
import { Guard, type GuardOptions } from '../../../controller/raft/guard.ts';
import { type ClusterEpoch, clusterKeys } from '../../../controller/raft/keys.ts';
import type { MemberStatus } from '../../../controller/raft/member-api.ts';
import type { MemberRecord } from '../../../controller/raft/member-record.ts';
import type { Member } from '../../../controller/store/etcd/messages.ts';
import type { Key } from '../../../controller/store/store.ts';
import { rejection } from '../../support/rejection.ts';
import { systemAmbient as ambient } from '../../support/system-ambient.ts';
import { siteAt, threeSites } from './support/managed.ts';

const { signal } = new AbortController();
const at = '2026-01-02T03:04:05.678Z';
const epoch: ClusterEpoch = { epoch: 1, at, site: 'east', reason: 'r' };
const ready = { at, site: 'east', from: 'nothing' };

type Other = GuardOptions['others'] extends ReadonlyMap<string, infer Api> ? Api : never;

describe("whether a site's member may run", () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'farshore-guard-'));
  });
  afterEach(() => rm(root, { recursive: true }));

  const other = (
    values: Readonly<Record<string, unknown>>,
    members: readonly Partial<Member>[] = [],
    leaderId: string | null = '1',
  ): Other => ({
    local: <T>({ path }: Key<T>) =>
      Promise.resolve({ clusterId: '1', value: (values[path] ?? null) as T | null }),
    members: () => Promise.resolve(members as readonly Member[]),
    status: () => Promise.resolve({ leaderId } as MemberStatus),
  });
  const guardOf = (east: Other, part: Partial<MemberRecord> = {}) =>
    new Guard({
      managed: siteAt(root, 'west'),
      record: {
        site: 'west',
        token: '0123456789abcdef',
        state: 'new',
        members: threeSites,
        firstSite: 'east',
        createdAt: at,
        epoch: null,
        isReady: false,
        ...part,
      },
      others: new Map([['east', east]]),
      ambient,
    });
  const west = (clientUrl?: string) => ({
    name: 'west',
    peerUrls: ['https://10.0.2.10:2380'],
    clientUrls: clientUrl === undefined ? [] : [clientUrl],
  });
  const ran = west('https://10.0.2.10:2379');
  const codeOf = (work: Promise<void>) =>
    work.then(
      () => null,
      (error: unknown) => (error as FarshoreError).code,
    );

  it('a lost disk and a bundle that was used before is none, be it the first or a later one', async () => {
    const begun = { [clusterKeys.ready.path]: ready };
    const first = guardOf(other(begun, [ran]));
    expect(await codeOf(first.mayStart(signal))).to.equal('raft.bundle-used');
    const removed = guardOf(other(begun));
    expect(await codeOf(removed.mayStart(signal))).to.equal('raft.bundle-used');
    const later = guardOf(other({}, [ran]), { state: 'existing' });
    expect(await codeOf(later.mayStart(signal))).to.equal('raft.bundle-used');
  });

  it('a first member begins also when the others have begun before it', async () => {
    const late = guardOf(other({ [clusterKeys.ready.path]: ready }, [west()]));
    expect(await codeOf(late.mayStart(signal))).to.equal(null);
  });

  it('a member that was added and never ran begins, and so does one that another has not heard of', async () => {
    const added = guardOf(other({}, [west()]), { state: 'existing' });
    expect(await codeOf(added.mayStart(signal))).to.equal(null);
    const old = guardOf(other({}, [ran], null), { state: 'existing' });
    expect(await codeOf(old.mayStart(signal))).to.equal(null);
  });

  it('its data there, only a removal counts', async () => {
    await mkdir(siteAt(root, 'west').dir.data, { recursive: true });
    const there = guardOf(other({}, [ran]), { state: 'existing' });
    expect(await codeOf(there.mayStart(signal))).to.equal(null);
    expect(await codeOf(guardOf(other({})).mayStart(signal))).to.equal('raft.removed');
  });

  it('what another refuses to say ends nothing; an epoch that it has does, and for good', async () => {
    const refusing = { ...other({}), local: () => Promise.reject(refused()) };
    expect(await codeOf(guardOf(refusing).mayStart(signal))).to.equal(null);
    const forced = guardOf(other({ [clusterKeys.epoch.path]: epoch }));
    expect(await rejection(forced.check(signal))).to.include({ code: 'raft.superseded' });
    expect(await codeOf(guardOf(refusing).mayStart(signal))).to.equal('raft.superseded');
  });
});

function refused(): FarshoreError {
  return new FarshoreError('Received RST_STREAM with code 0', {
    code: 'raft.refused',
    kind: 'permanent',
    operation: 'read member',
  });
}
