import { expect } from 'chai';
import {
  decideRetry,
  type FailedAttempt,
  maxAttempts,
  parseRetryAfter,
} from '../../../regions/http/retry.ts';

const base: FailedAttempt = {
  attempt: 1,
  status: 503,
  transient: true,
  unsent: false,
  repeatable: true,
  leftMs: 60_000,
  chance: 0,
};

const table: readonly [string, Partial<FailedAttempt>, number | 'stop'][] = [
  ['no answer, repeatable', { status: undefined }, 125],
  ['no answer, not repeatable', { status: undefined, repeatable: false }, 'stop'],
  ['not connected, not repeatable', { status: undefined, repeatable: false, unsent: true }, 125],
  ['500', { status: 500 }, 125],
  ['500, not repeatable', { status: 500, repeatable: false }, 'stop'],
  ['503 without Retry-After, not repeatable', { repeatable: false }, 'stop'],
  ['503 with Retry-After, not repeatable', { repeatable: false, retryAfterMs: 2_000 }, 2_000],
  ['429, not repeatable', { status: 429, repeatable: false }, 125],
  [
    '502 with Retry-After, not repeatable',
    { status: 502, repeatable: false, retryAfterMs: 1 },
    'stop',
  ],
  ['400', { status: 400, transient: false }, 'stop'],
  [
    '413 with Retry-After 0, as Cinder says of a quota',
    { status: 413, transient: false, retryAfterMs: 0 },
    'stop',
  ],
  ['wrong certificate', { status: undefined, transient: false, unsent: true }, 'stop'],
  ['most jitter', { chance: 1 }, 250],
  ['second attempt', { attempt: 2 }, 250],
  ['fourth attempt', { attempt: 4 }, 1_000],
  ['last attempt', { attempt: maxAttempts }, 'stop'],
  ['Retry-After beyond the cap', { retryAfterMs: 3_600_000, leftMs: 100_000 }, 60_000],
  ['Retry-After beyond the deadline', { retryAfterMs: 20_000, leftMs: 20_000 }, 'stop'],
  ['Retry-After of 0', { retryAfterMs: 0 }, 0],
  ['deadline nearer than the backoff', { leftMs: 100 }, 'stop'],
];

describe('decideRetry', () => {
  for (const [what, given, expected] of table)
    it(`${what}: ${expected === 'stop' ? 'stop' : `wait ${expected} ms`}`, () => {
      const decision = decideRetry({ ...base, ...given });
      expect(decision).to.deep.equal(
        expected === 'stop' ? { kind: 'stop' } : { kind: 'wait', waitMs: expected },
      );
    });

  it('never waits longer than its cap', () => {
    const decision = decideRetry({ ...base, attempt: 4, chance: 1, leftMs: 1e9 });
    expect(decision).to.deep.equal({ kind: 'wait', waitMs: 2_000 });
  });
});

describe('parseRetryAfter', () => {
  const now = Date.parse('2026-11-21T08:00:00Z');
  it('reads seconds', () => expect(parseRetryAfter('7', now)).to.equal(7_000));
  it('reads an HTTP date', () =>
    expect(parseRetryAfter('Sat, 21 Nov 2026 08:00:30 GMT', now)).to.equal(30_000));
  it('takes a date that has passed as now', () =>
    expect(parseRetryAfter('Sat, 21 Nov 2026 07:00:00 GMT', now)).to.equal(0));
  it('passes over what is neither', () => {
    expect(parseRetryAfter('soon', now)).to.equal(undefined);
    expect(parseRetryAfter(undefined, now)).to.equal(undefined);
  });
});
