import { expect } from 'chai';
import { MirrorSet } from '../../../controller/mirror/mirror-set.ts';
import { OwnWrites } from '../../../controller/mirror/own-writes.ts';
import { Reached } from '../../../controller/mirror/reached.ts';
import { put, remove } from '../../../controller/store/store.ts';
import { ManualClock } from '../support/manual-clock.ts';

/** One whose progress the test decides. */
class Scripted {
  readonly prefix: string;
  readonly ready = Promise.resolve(undefined);
  readonly reached = new Reached();
  readonly kept = new Set<string>();
  outOfStepMs = 0;
  isFilled = true;

  constructor(prefix: string) {
    this.prefix = prefix;
  }

  get revision(): number {
    return this.reached.revision;
  }

  reach(revision: number, signal: AbortSignal): Promise<void> {
    return this.reached.wait(revision, signal);
  }

  get({ path }: { readonly path: string }): true | undefined {
    return this.kept.has(path) || undefined;
  }

  start(): void {
    this.isFilled = true;
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }
}

describe('MirrorSet', () => {
  let clock: ManualClock;
  let writes: OwnWrites;
  let groups: Scripted;
  let heads: Scripted;
  let set: MirrorSet;

  beforeEach(() => {
    clock = new ManualClock();
    writes = new OwnWrites(clock);
    [groups, heads] = [new Scripted('groups/'), new Scripted('heads/')];
    set = new MirrorSet([groups, heads], writes, clock);
  });

  const catchingUp = () => {
    const state = { isDone: false };
    void set.catchUp().then(() => (state.isDone = true));
    return state;
  };

  it('waits for a deletion only where what was deleted is still shown', async () => {
    writes.note([remove({ path: 'groups/a' })], 5);
    await clock.advance(60);
    expect(set.staleMs).to.equal(0);
    groups.kept.add('groups/a');
    expect(set.staleMs).to.equal(60_000);
    const reader = catchingUp();
    await clock.advance(1);
    expect(reader.isDone).to.equal(false);
    groups.kept.delete('groups/a');
    groups.reached.set(5);
    await clock.advance(1);
    expect(reader.isDone).to.equal(true);
    expect(set.staleMs).to.equal(0);
  });

  it('lets a reader wait for the writes of this process, on every mirror that lacks one', async () => {
    writes.note([put({ path: 'groups/a' }, 1), put({ path: 'heads/a' }, 1)], 5);
    writes.note([put({ path: 'points/a/b' }, 1)], 6);
    const reader = catchingUp();
    await clock.settle();
    groups.reached.set(5);
    await clock.settle();
    expect(reader.isDone).to.equal(false);
    heads.reached.set(9);
    await clock.settle();
    expect(reader.isDone).to.equal(true);
    expect(set.lagMs).to.equal(0);
  });

  it('lets it wait for two seconds at most, and tells from then on that it shows less', async () => {
    writes.note([put({ path: 'groups/a' }, 1)], 5);
    const reader = catchingUp();
    await clock.advance(1.9);
    expect([reader.isDone, set.lagMs, set.staleMs]).to.deep.equal([false, 1900, 0]);
    await clock.advance(0.2);
    expect([reader.isDone, set.lagMs, set.staleMs]).to.deep.equal([true, 2100, 2100]);
  });

  it('is as old as the oldest of them, and filled when all are', () => {
    heads.outOfStepMs = 700;
    groups.outOfStepMs = 300;
    expect(set.staleMs).to.equal(700);
    heads.isFilled = false;
    expect(set.isFilled).to.equal(false);
  });
});
