import { expect } from 'chai';
import { waitForStatus, waitUntilGone } from '../../regions/wait.ts';
import { rejection } from '../support/rejection.ts';
import { SkippingClock } from '../support/skipping-clock.ts';

interface Step {
  readonly status: string;
  readonly failReason?: string | null;
}

function waitFor(
  steps: readonly (Step | null)[],
  options: { stillMs?: number; signal?: AbortSignal; clock?: SkippingClock } = {},
): Parameters<typeof waitForStatus>[0] {
  const left = [...steps];
  return {
    clock: options.clock ?? new SkippingClock(),
    get: () => Promise.resolve((left.length > 1 ? left.shift() : left[0]) ?? null),
    operation: 'create backup',
    subject: 'b1',
    stillMs: options.stillMs ?? 60_000,
    done: ['available'],
    failed: ['killed'],
    signal: options.signal,
  };
}

describe('waitForStatus', () => {
  it('asks at first every half second, then ever more slowly, at most every 5 s', async () => {
    const clock = new SkippingClock();
    const steps = [...Array<Step>(26).fill({ status: 'creating' }), { status: 'available' }];
    const backup = await waitForStatus(waitFor(steps, { clock }));
    expect(backup.status).to.equal('available');
    expect(clock.slept[0]).to.equal(500);
    expect(clock.slept[1]).to.equal(550);
    expect(clock.slept.at(-1)).to.equal(5000);
    expect(clock.slept).to.have.length(26);
  });

  it('ends with the reason Cinder gives when the work failed', async () => {
    const steps = [{ status: 'creating' }, { status: 'error', failReason: 'Swift is full' }];
    const error = await rejection(waitForStatus(waitFor(steps)));
    expect(error.code).to.equal('region.work-failed');
    expect(error.kind).to.equal('permanent');
    expect(error.message).to.equal('the service took it to the status error: Swift is full');
  });

  it('takes every status that begins with error, and those named, for a failure', async () => {
    for (const status of ['error_restoring', 'killed'])
      expect((await rejection(waitForStatus(waitFor([{ status }])))).code).to.equal(
        'region.work-failed',
      );
  });

  it('ends when the thing vanished', async () => {
    const error = await rejection(waitForStatus(waitFor([{ status: 'creating' }, null])));
    expect(error.code).to.equal('region.vanished');
  });

  it('ends when it stayed in one status for too long, and may be tried again', async () => {
    const clock = new SkippingClock();
    const steps = [{ status: 'creating' }];
    const error = await rejection(waitForStatus(waitFor(steps, { clock, stillMs: 7_000 })));
    expect(error.code).to.equal('region.wait-timeout');
    expect(error.kind).to.equal('transient');
    expect(error.message).to.equal('no progress for 7 s (creating)');
    expect(clock.monotonicMs()).to.equal(7_000);
  });

  it('ends with the reason of the signal', async () => {
    const reason = new Error('stopped');
    const steps = [{ status: 'creating' }];
    const options = waitFor(steps, { signal: AbortSignal.abort(reason) });
    const ended = await waitForStatus(options).catch((error: unknown) => error);
    expect(ended).to.equal(reason);
  });
});

describe('waitUntilGone', () => {
  it('is over when there is nothing any more, and fails when the deletion did', async () => {
    await waitUntilGone(waitFor([{ status: 'deleting' }, null]));
    const error = await rejection(waitUntilGone(waitFor([{ status: 'error_deleting' }])));
    expect(error.code).to.equal('region.work-failed');
  });
});
