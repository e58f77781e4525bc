import { expect } from 'chai';
import { systemClock } from '../../kernel/clock.ts';
import type { Copy, Scrubbed, TargetContext } from '../../replicator/mover.ts';
import { limited } from '../../replicator/scrub/limited.ts';
import { Rate } from '../../replicator/transfer/rate.ts';
import { collect } from './rejection.ts';

export interface Part<C extends Copy> {
  /** What it read, damage included. */
  readonly bytes: number;
  /** Empty when it was broken off. */
  readonly steps: readonly Scrubbed<C>[];
}

/** A scrub that is told to stop once so much was read, as it is when a session is due. */
export async function scrubUntil<C extends Copy>(
  mostBytes: number,
  at: TargetContext,
  scrub: (at: TargetContext) => AsyncIterable<Scrubbed<C>>,
): Promise<Part<C>> {
  const stop = new AbortController();
  const rate = new Rate(systemClock, 1e12);
  const take = rate.take.bind(rate);
  rate.take = async (...given) => {
    await take(...given);
    if (rate.bytes >= mostBytes) stop.abort();
  };
  const reading = collect(scrub(limited({ ...at, signal: stop.signal }, rate)));
  if (mostBytes === Infinity) return { steps: await reading, bytes: rate.bytes };
  expect(await reading.catch((error: unknown) => error)).to.equal(stop.signal.reason);
  return { steps: [], bytes: rate.bytes };
}
