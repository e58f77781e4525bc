import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { memberFlags } from '../../../controller/raft/member/flags.ts';
import { launch } from '../../../controller/raft/member/running.ts';
import { end } from '../../../controller/raft/member/supervisor.ts';
import { hasFile } from '../../../controller/raft/member/traces.ts';
import { forceQuorum } from '../../../controller/raft/orders/force-quorum.ts';
import { init } from '../../../controller/raft/orders/init.ts';
import { writePrivate } from '../../../controller/raft/raft-dir.ts';
import type { ManagedSite } from '../../../controller/raft/managed.ts';
import { openSession } from '../../../controller/raft/session.ts';
import { memberRecord } from '../../../controller/raft/require-member.ts';
import { siteAt } from '../../controller/raft/support/managed.ts';
import { hasEtcd } from '../../support/etcd.ts';
import { systemAmbient as ambient } from '../../support/system-ambient.ts';
import { until } from './site.ts';

const { signal } = new AbortController();

describe('quorum that is forced', function () {
  this.timeout(60_000);
  let root: string;
  let east: ManagedSite;
  before(async function () {
    if (!hasEtcd) this.skip();
    root = await mkdtemp(join(tmpdir(), 'farshore-forced-'));
  });
  after(async () => {
    if (hasEtcd) await rm(root, { recursive: true });
  });

  it('at a site that was left behind and is the last now, which is the first and not ready yet', async () => {
    const port = 20_000 + (process.pid % 20_000);
    const sites = {
      east: `127.0.0.1:${port}:${port + 1}`,
      west: `127.0.0.1:${port + 2}:${port + 3}`,
    };
    east = siteAt(root, 'east', sites);
    await init(east, root, ambient);
    const { home, dir } = east;
    const flags = memberFlags({ ...east, record: await memberRecord(east) });
    const alone = await launch({ ...home, flags, log: dir.log });
    await until(
      () => hasFile(join(dir.data, 'member', 'wal', '0000000000000000-0000000000000000.wal')),
      () => Promise.resolve('etcd makes no log'),
    );
    await end(alone, ambient);
    const left = { epoch: 4, at: '2026-01-02T03:04:05.678Z', site: 'west' };
    await writePrivate(dir.superseded, JSON.stringify(left));

    const { epoch } = await forceQuorum(east, 'west burns', ambient, signal);
    expect(epoch).to.include({ epoch: 5, site: 'east' });
    const record = await memberRecord(east);
    expect(record.epoch).to.include({ epoch: 5, site: 'east' });
    // What a single controller left here is still to be brought.
    expect(record.isReady).to.equal(false);
    expect(await hasFile(dir.superseded)).to.equal(false);
    expect(await hasFile(dir.forcing)).to.equal(false);
  });

  it('its database is compacted again where nothing was written since, as when it is full', async () => {
    const { home, dir } = east;
    const flags = memberFlags({ ...east, record: await memberRecord(east) });
    const running = await launch({ ...home, flags, log: dir.log });
    const session = await openSession(east, ambient);
    const { own } = session.apis;
    try {
      await until(
        () => own.hasQuorum(signal),
        () => Promise.resolve('no quorum'),
      );
      await own.compact(signal);
      await own.compact(signal);
    } finally {
      await session.close();
      await end(running, ambient);
    }
  });
});
