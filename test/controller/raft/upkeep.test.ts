import { expect } from 'chai';
import { Upkeep } from '../../../controller/raft/upkeep/upkeep.ts';
import type { MemberApi, MemberAlarm, MemberStatus } from '../../../controller/raft/member-api.ts';
import type { ControllerInfo } from '../../../controller/cluster/types.ts';
import { silentLog } from '../../../kernel/log.ts';
import { countingRandom } from '../support/fixtures.ts';
import { ManualClock } from '../support/manual-clock.ts';

const someone: ControllerInfo = {
  id: 'west-1',
  site: 'west',
  region: 'west',
  startedAt: '2026-01-02T03:04:05.678Z',
  version: 'test',
};

describe('upkeep of the members', () => {
  let clock: ManualClock;
  let done: string[];
  let alarms: readonly MemberAlarm[];
  let canDefragment: boolean;
  let upkeep: Upkeep | null;
  beforeEach(() => {
    clock = new ManualClock();
    done = [];
    alarms = [];
    canDefragment = true;
    upkeep = null;
  });
  afterEach(() => upkeep?.stop());

  /** Of three sites whose members are the same; the first leads. */
  const member = (site: string, dbBytes: number) => {
    const status = { memberId: site, leaderId: 'east', dbBytes, dbBytesInUse: 1 };
    return {
      status: () => Promise.resolve(status as MemberStatus),
      alarms: () => Promise.resolve(alarms),
      members: () => Promise.resolve([]),
      compact: () => Promise.resolve(done.push(`compact ${site}`)),
      disarm: () => {
        alarms = [];
        return Promise.resolve();
      },
      defragment: () => {
        done.push(`defragment ${site}`);
        return canDefragment ? Promise.resolve() : Promise.reject(new Error('no space'));
      },
    } as unknown as MemberApi;
  };
  const run = async (site: string, leader: ControllerInfo | null, dbBytes = 1) => {
    const all = new Map(['east', 'west', 'witness'].map((name) => [name, member(name, dbBytes)]));
    upkeep = new Upkeep({
      apis: { all, own: all.get(site)! },
      schedule: { everySeconds: 3600, ageSeconds: null },
      ambient: { clock, random: countingRandom(), log: silentLog },
    });
    upkeep.start({ leader: () => leader, isLeader: () => false });
    await clock.advance(60);
  };

  it('of a full database is the leading site’s where no controller can come to lead', async () => {
    alarms = [{ memberId: 'west', alarm: 'NOSPACE' }];
    await run('east', null);
    const defragmented = ['west', 'witness', 'east'].map((site) => `defragment ${site}`);
    expect(done).to.deep.equal(['compact east', ...defragmented]);
    expect(alarms).to.deep.equal([]);
  });

  it('is left to the controller that leads, and to the site that leads', async () => {
    alarms = [{ memberId: 'west', alarm: 'NOSPACE' }];
    await run('east', someone);
    await upkeep?.stop();
    await run('witness', null);
    expect(done).to.deep.equal([]);
  });

  it('stops a member that cannot be defragmented once, not every few seconds', async () => {
    canDefragment = false;
    await run('east', null, 1024 ** 3);
    expect(done).to.deep.equal(['west', 'witness', 'east'].map((site) => `defragment ${site}`));
    await clock.advance(600);
    expect(done).to.have.length(6);
  });
});
