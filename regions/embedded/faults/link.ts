import { Transform, type TransformCallback } from 'node:stream';
import type { Clock } from '../../../kernel/clock.ts';
import type { Faults } from './faults.ts';

/** A slow body comes in so many pieces a second, so that it trickles and doesn't jump. */
const piecesPerSecond = 20;

/** The way between the clients and a region: hangs, is late, is narrow, as the faults say. */
export class Link {
  readonly #faults: Faults;
  readonly #clock: Clock;

  constructor(faults: Faults, clock: Clock) {
    this.#faults = faults;
    this.#clock = clock;
  }

  /** Whether bodies pass as fast as they come. */
  get isClear(): boolean {
    const { down, bytesPerSecond } = this.#faults.conditions;
    return down !== 'hanging' && bytesPerSecond === null;
  }

  /** Waits while the region hangs; rejects when the client goes away first. */
  async through(signal: AbortSignal): Promise<void> {
    await this.#faults.until(({ down }) => down !== 'hanging', signal);
  }

  async latency(signal: AbortSignal): Promise<void> {
    const { latencyMs } = this.#faults.conditions;
    if (latencyMs > 0) await this.#clock.sleep(latencyMs, signal);
  }

  /** For one body: it passes no faster than the link is, which may change in its middle. */
  paced(signal: AbortSignal): Transform {
    let freeMs = 0;
    const slowly = async (bytes: Buffer, push: (part: Buffer) => void): Promise<void> => {
      for (let rest = bytes; rest.length > 0;) {
        await this.through(signal);
        const { bytesPerSecond } = this.#faults.conditions;
        const mostBytes =
          bytesPerSecond === null ? Infinity : Math.ceil(bytesPerSecond / piecesPerSecond);
        const part = rest.subarray(0, mostBytes);
        if (bytesPerSecond !== null) {
          const nowMs = this.#clock.monotonicMs();
          freeMs = Math.max(freeMs, nowMs) + (part.length / bytesPerSecond) * 1_000;
          await this.#clock.sleep(freeMs - nowMs, signal);
        }
        push(part);
        rest = rest.subarray(part.length);
      }
    };
    const stream = new Transform({
      transform: (bytes: Buffer, _encoding, done: TransformCallback) => {
        if (this.isClear) {
          done(null, bytes);
          return;
        }
        slowly(bytes, (part) => stream.push(part)).then(
          () => done(),
          (error: unknown) => done(error as Error),
        );
      },
    });
    return stream;
  }
}
