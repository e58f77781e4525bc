import { expect } from 'chai';
import type { VolumeCopy } from '../../../replicator/volume/types.ts';
import { noise, order, Setting } from './setting.ts';

class Killed extends Error {}

/** Kills at the n-th effect, after it took place (its answer is lost too), and at all later ones until revived. */
class Assassin {
  #left: number;
  struck = false;

  constructor(at: Setting, n: number) {
    this.#left = n;
    const strike = (): void => {
      if (this.#left === Infinity) return;
      this.#left -= 1;
      if (this.#left > 0) return;
      this.struck = true;
      throw new Killed();
    };
    const isEffect = (call: string): boolean => !/^(get|list|export)/.test(call);
    at.east.after = (call) => (isEffect(call) ? strike() : undefined);
    at.west.after = (call) => (isEffect(call) ? strike() : undefined);
    at.westStore.after = ({ method }) => (/PUT|COPY|DELETE/.test(method) ? strike() : undefined);
  }

  revive(): void {
    this.#left = Infinity;
  }
}

/** Tries every point at which `work` can be killed; `work` is called again, with `isResumed`, until it ends. */
async function killedEverywhere(
  prepare: () => Promise<Setting>,
  work: (at: Setting, isResumed: boolean) => Promise<void>,
  judge: (at: Setting, kill: number) => Promise<void>,
): Promise<number> {
  for (let kill = 1; ; kill += 1) {
    const at = await prepare();
    const assassin = new Assassin(at, kill);
    await work(at, false).catch((error: unknown) => {
      if (!assassin.struck) throw error;
    });
    assassin.revive();
    if (assassin.struck) await work(at, true);
    await judge(at, kill);
    at.close();
    if (!assassin.struck) return kill - 1;
  }
}

describe('volume mover: killed at every effect', () => {
  it('ships to the same end, and no object twice', async () => {
    let base: VolumeCopy;
    let copy: VolumeCopy;
    const kills = await killedEverywhere(
      async () => {
        const at = await new Setting().open();
        base = await at.protect('s1');
        at.write(64 * 1024, noise(200_000, 'second'));
        return at;
      },
      async (at, isResumed) => {
        const context = at.session('s2', isResumed);
        const capture = await at.mover.capture(at.volume, context);
        copy = await at.mover.ship(capture, { copy: base, damage: [] }, context);
        await at.mover.tidy(copy, context);
      },
      async (at, kill) => {
        expect(copy.chain, `killed at ${kill}`).to.have.length(2);
        expect(at.east.snapshots.size).to.equal(0);
        expect(at.east.backups.size, `backups left, killed at ${kill}`).to.equal(2);
        expect(await at.problems(copy)).to.deep.equal([]);
        const { prefix } = copy.chain[1]!;
        const puts = at.westStore.requests.filter(
          ({ method, object }) => method === 'PUT' && object?.startsWith(prefix) === true,
        );
        expect(puts.length, `shipped, killed at ${kill}`).to.equal(at.names(copy, 1).length);
      },
    );
    expect(kills).to.be.at.least(10);
  });

  it('restores to the same end, once, into one volume', async () => {
    let copy: VolumeCopy;
    let wish = order('failover');
    const kills = await killedEverywhere(
      async () => {
        const at = await new Setting().open();
        copy = await at.protect('s1');
        at.west.backups.clear();
        wish = order('failover');
        return at;
      },
      async (at) => {
        await at.mover.restore(copy, wish, at.session('r'));
      },
      (at, kill) => {
        expect(at.west.volumes.size, `volumes, killed at ${kill}`).to.equal(1);
        const [volume] = at.west.volumes.values();
        expect(volume!.disk.bytes.equals(at.disk)).to.equal(true);
        expect(volume).to.include({ name: 'ledger', volumeType: 'gold', status: 'available' });
        expect(volume!.metadata).to.deep.equal({ colour: 'blue' });
        const restores = at.west.calls.filter((call) => call === 'restoreBackup');
        expect(restores.length, `restores, killed at ${kill}`).to.equal(1);
        return Promise.resolve();
      },
    );
    expect(kills).to.be.greaterThan(4);
  });

  it('expires to the same end', async () => {
    let copies: VolumeCopy[] = [];
    await killedEverywhere(
      async () => {
        const at = await new Setting().open();
        const first = await at.protect('s1');
        at.write(0, noise(5000, 'x'));
        copies = [first, await at.protect('s2', first)];
        return at;
      },
      (at) => at.mover.expire(copies, [], at.session('x')),
      (at) => {
        expect(at.west.backups.size).to.equal(0);
        expect(at.westStore.stored.get('volumebackups')!.current.size).to.equal(0);
        return Promise.resolve();
      },
    );
  });
});
