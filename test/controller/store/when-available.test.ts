import { expect } from 'chai';
import { FarshoreError } from '../../../kernel/errors.ts';
import { silentLog } from '../../../kernel/log.ts';
import { whenAvailable } from '../../../controller/store/when-available.ts';
import { rejection } from '../../support/rejection.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

describe('whenAvailable', () => {
  const failing = (...codes: readonly string[]) => {
    const left = [...codes];
    return () => {
      const code = left.shift();
      if (code === undefined) return Promise.resolve('done');
      const detail = { code, kind: 'transient', operation: 'write state' } as const;
      return Promise.reject(new FarshoreError('it failed', detail));
    };
  };

  it('tries again each second until a majority answers', async () => {
    const clock = new VirtualClock();
    const work = failing('store.unavailable', 'store.outcome-unknown', 'store.unavailable');
    const { signal } = new AbortController();
    expect(await whenAvailable(work, { clock, log: silentLog }, signal)).to.equal('done');
    expect(clock.monotonicMs()).to.equal(3000);
  });

  it('throws whatever else it fails with', async () => {
    const { signal } = new AbortController();
    const ambient = { clock: new VirtualClock(), log: silentLog };
    const work = failing('store.unavailable', 'store.corrupt');
    expect((await rejection(whenAvailable(work, ambient, signal))).code).to.equal('store.corrupt');
  });

  it('ends when it is told to', async () => {
    const stopping = new AbortController();
    const ambient = { clock: new VirtualClock(), log: silentLog };
    const work = failing(...Array<string>(9).fill('store.unavailable'));
    const waiting = whenAvailable(work, ambient, stopping.signal).catch((error: unknown) => error);
    const reason = new Error('stopped');
    stopping.abort(reason);
    expect(await waiting).to.equal(reason);
  });
});
