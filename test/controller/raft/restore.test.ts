import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type ClusterReady, clusterKeys } from '../../../controller/raft/keys.ts';
import { awaitReady } from '../../../controller/raft/ready.ts';
import { restore, summarize } from '../../../controller/raft/snapshots/restore.ts';
import { SnapshotSchedule } from '../../../controller/raft/snapshots/schedule.ts';
import { takeSnapshot } from '../../../controller/raft/snapshots/take.ts';
import { keys } from '../../../controller/state/keys.ts';
import { formatKey, stateFormat } from '../../../controller/store/format.ts';
import { importMark } from '../../../controller/store/snapshot.ts';
import { storeClosed } from '../../../controller/store/store-errors.ts';
import { put } from '../../../controller/store/store.ts';
import { rejection } from '../../support/rejection.ts';
import { systemAmbient as ambient } from '../../support/system-ambient.ts';
import { MemoryStore } from '../support/memory-store.ts';

const head = { generation: 3, primary: 'west', secondary: 'east' };
const epoch = { epoch: 4, at: '2026-01-01T00:00:00.000Z', site: 'west', reason: 'r' };
const note = { at: epoch.at, action: 'a', subject: 's', reason: 'r', details: {}, site: 'west' };
const { signal } = new AbortController();

describe('snapshots of the state', () => {
  let root: string;
  let file: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'farshore-snapshot-'));
    file = join(root, 'deep', 'state.snapshot');
    const store = new MemoryStore();
    await store.transact(
      [],
      [
        put(formatKey, { format: stateFormat, version: '0', at: epoch.at }),
        put(keys.head('shop'), head),
        put(keys.audit('2026-old'), note),
        put(clusterKeys.epoch, { ...epoch, epoch: 1 }),
      ],
    );
    await takeSnapshot(store, file, { clock: ambient.clock, signal });
  });
  afterEach(() => rm(root, { recursive: true }));

  const restoreInto = (store: MemoryStore, replace: boolean) =>
    restore({ file, store, site: 'east', replace, ambient, signal });

  it('are for their owner alone, and leave nothing beside', async () => {
    expect((await stat(file)).mode & 0o777).to.equal(0o600);
    expect(await readdir(join(root, 'deep'))).to.deep.equal(['state.snapshot']);
  });

  it('tell which primary they name, and hold nothing of the cluster itself', async () => {
    const { groups, keys: count } = await summarize(file);
    expect(groups).to.deep.equal([{ group: 'shop', primary: 'west', generation: 3 }]);
    expect(count).to.equal(3);
    expect(await readFile(file, 'utf8')).not.to.contain('cluster/');
  });

  it('go into a new cluster, which is ready then, and it is audited', async () => {
    const store = new MemoryStore();
    expect(await restoreInto(store, false)).to.deep.include({ count: 3 });
    expect((await store.get(keys.head('shop')))?.value).to.deep.equal(head);
    expect((await store.get(clusterKeys.ready))?.value).to.include({ from: 'snapshot' });
    const actions = (await store.range(keys.audit())).map(({ value }) => value.action);
    expect(actions).to.have.members(['a', 'raft.restore']);
  });

  it('replace what is there only when told, and neither its epoch nor its audit', async () => {
    const store = new MemoryStore();
    await store.transact(
      [],
      [
        put(keys.head('other'), head),
        put(keys.audit('2026-new'), note),
        put(clusterKeys.epoch, epoch),
      ],
    );
    expect(await rejection(restoreInto(store, false))).to.include({ code: 'snapshot.not-empty' });
    await restoreInto(store, true);
    expect(await store.get(keys.head('other'))).to.equal(null);
    expect((await store.get(clusterKeys.epoch))?.value).to.deep.equal(epoch);
    expect(await store.range(keys.audit())).to.have.length(3);
  });

  it('are not put back under running controllers', async () => {
    const store = new MemoryStore();
    const lease = await store.lease();
    const info = { id: '1', site: 'west', region: 'west', startedAt: epoch.at, version: '0' };
    await store.transact([], [put(keys.controller('1'), info, lease)]);
    const error = await rejection(restoreInto(store, true));
    expect(error).to.include({ code: 'raft.controllers-run', subject: 'west' });
  });

  it('are not put back under a controller that came meanwhile, and nothing is deleted then', async () => {
    const store = new MemoryStore();
    const lease = await store.lease();
    const info = { id: '1', site: 'west', region: 'west', startedAt: epoch.at, version: '0' };
    await store.transact([], [put(keys.head('other'), head)]);
    store.beforeWrite = () => {
      store.beforeWrite = undefined;
      void store.transact([], [put(keys.controller('1'), info, lease)]);
    };
    const error = await rejection(restoreInto(store, true));
    expect(error).to.include({ code: 'raft.controllers-run', subject: 'west' });
    expect((await store.get(keys.head('other')))?.value).to.deep.equal(head);
    expect(await store.get(importMark)).to.equal(null);
  });

  it('leave no file behind that could not be written whole', async () => {
    const store = new MemoryStore();
    await store.transact([], [put(keys.head('shop'), head)]);
    store.page = () => Promise.reject(storeClosed('read state'));
    const taken = takeSnapshot(store, join(root, 'deep', 'two'), { clock: ambient.clock, signal });
    expect(await rejection(taken)).to.include({ code: 'store.closed' });
    expect(await readdir(join(root, 'deep'))).to.deep.equal(['state.snapshot']);
  });

  it('are refused when they were changed, before anything is written', async () => {
    await appendFile(file, 'more\n');
    const store = new MemoryStore();
    expect(await rejection(restoreInto(store, true))).to.include({ code: 'snapshot.altered' });
    expect(await store.range({ path: '' })).to.deep.equal([]);
  });

  it('that broke off keep their mark until they are put back again', async () => {
    const store = new MemoryStore();
    store.beforeWrite = (operations) => {
      if (operations.some(({ path }) => path === keys.head('shop').path)) throw new Error('killed');
    };
    await restoreInto(store, false).catch(() => undefined);
    expect(await store.get(importMark)).not.to.equal(null);
    store.beforeWrite = undefined;
    await restoreInto(store, false);
    expect(await store.get(importMark)).to.equal(null);
  });

  it('are taken on schedule, the newest kept', async () => {
    let nowMs = Date.parse('2026-01-01T00:00:00Z');
    const taken = Promise.withResolvers<undefined>();
    const store = new MemoryStore();
    const schedule = new SnapshotSchedule({
      everySeconds: 3600,
      keep: 3,
      directory: join(root, 'snapshots'),
      store,
      ambient: {
        ...ambient,
        clock: {
          now: () => nowMs,
          monotonicMs: () => nowMs,
          sleep: (_ms, aborted) => {
            nowMs += 20 * 60_000;
            if (nowMs < Date.parse('2026-01-01T06:00:00Z')) return Promise.resolve();
            taken.resolve(undefined);
            return ambient.clock.sleep(60_000, aborted);
          },
          after: () => () => undefined,
        },
      },
    });
    const directory = join(root, 'snapshots');
    await mkdir(directory);
    // Of a clock that was wrong, and of a process that was killed.
    await writeFile(join(directory, '2027-01-01T00-00-00-000Z.snapshot'), '');
    await writeFile(join(directory, '2025-12-31T00-00-00-000Z.snapshot.new'), '');
    schedule.start();
    await taken.promise;
    await schedule.stop();
    expect(await readdir(join(root, 'snapshots'))).to.deep.equal([
      '2026-01-01T04-00-00-000Z.snapshot',
      '2026-01-01T05-00-00-000Z.snapshot',
      '2027-01-01T00-00-00-000Z.snapshot',
    ]);
    expect(schedule.ageSeconds).to.equal(3600);
  });
});

describe('a new cluster', () => {
  const ready = (store: MemoryStore, begin: (() => Promise<ClusterReady['from']>) | null) => {
    const brisk = {
      ...ambient.clock,
      sleep: (_: number, s?: AbortSignal) => ambient.clock.sleep(5, s),
    };
    return awaitReady({
      store,
      site: 'east',
      ambient: { ...ambient, clock: brisk },
      signal,
      begin,
    });
  };

  it('is used by the others only after the first site has brought all', async () => {
    const store = new MemoryStore();
    let isBrought = false;
    const other = ready(store, null).then((found) => ({ found, sawIt: isBrought }));
    await ready(store, async () => {
      await ambient.clock.sleep(50);
      isBrought = true;
      return 'level';
    });
    expect(await other).to.have.property('sawIt', true);
  });

  it('is begun once', async () => {
    const store = new MemoryStore();
    await ready(store, () => Promise.resolve('nothing'));
    const again = await ready(store, () => Promise.reject(new Error('begun twice')));
    expect(again.from).to.equal('nothing');
  });
});
