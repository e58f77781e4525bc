import { expect } from 'chai';
import { type Wait, waitFor } from '../../kernel/wait.ts';
import { rejection } from '../support/rejection.ts';
import { SkippingClock } from '../support/skipping-clock.ts';

const minuteMs = 60_000;

describe('waitFor', () => {
  const clock = new SkippingClock();
  const startMs = (): number => clock.monotonicMs();

  function wait(told: (string | null)[] = []): Wait {
    return {
      operation: 'back up volume',
      subject: 'ledger',
      stillMs: 30 * minuteMs,
      code: 'volume.backup-stalled',
      kind: 'permanent',
      warning: {
        afterMs: 5 * minuteMs,
        tell: (reason) => told.push(reason),
        explain: () => Promise.resolve('the service is down'),
      },
    };
  }

  it('goes on for as long as something moves, however long that takes', async () => {
    const begun = startMs();
    const told: (string | null)[] = [];
    const answer = await waitFor(clock, wait(told), undefined, (sees) => {
      const minutes = Math.floor((clock.monotonicMs() - begun) / (4 * minuteMs));
      sees(`${minutes} objects`);
      return Promise.resolve(minutes === 500 ? 'done' : undefined);
    });
    expect(answer).to.equal('done');
    expect(told).to.deep.equal([]);
  });

  it('tells once of what does not move, takes it back when it moves, and gives up at the limit', async () => {
    const begun = startMs();
    const told: (string | null)[] = [];
    const error = await rejection(
      waitFor(clock, wait(told), undefined, (sees) => {
        sees(clock.monotonicMs() - begun < 10 * minuteMs ? '1 object' : '2 objects');
        return Promise.resolve(undefined);
      }),
    );
    expect(told).to.deep.equal(['the service is down', null, 'the service is down', null]);
    expect(error).to.include({
      code: 'volume.backup-stalled',
      kind: 'permanent',
      message: 'no progress for 30 min (2 objects)',
      hint: 'the service is down',
    });
    expect(clock.monotonicMs() - begun).to.be.within(40 * minuteMs, 41 * minuteMs);
  });

  it('counts from the beginning where nothing is told of movement', async () => {
    const begun = startMs();
    const { code, operation, subject } = wait();
    const plain = { code, operation, subject, stillMs: 7_000, hint: 'see the log' };
    const error = await rejection(
      waitFor(clock, plain, undefined, () => Promise.resolve(undefined)),
    );
    expect(clock.monotonicMs() - begun).to.equal(7_000);
    expect(error).to.include({
      kind: 'transient',
      message: 'no progress for 7 s',
      hint: 'see the log',
    });
  });

  it('ends with the signal’s reason, and with what asking throws', async () => {
    const reason = new Error('stopped');
    const ended = (work: Promise<unknown>): Promise<unknown> =>
      work.catch((error: unknown) => error);
    const never = (): Promise<undefined> => Promise.resolve(undefined);
    expect(await ended(waitFor(clock, wait(), AbortSignal.abort(reason), never))).to.equal(reason);
    const failing = (): Promise<undefined> => Promise.reject(reason);
    expect(await ended(waitFor(clock, wait(), undefined, failing))).to.equal(reason);
  });
});
