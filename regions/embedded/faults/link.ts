import { Readable } from 'node:stream';
import type { Clock } from '../../../kernel/clock.ts';
import type { Reply } from '../http/reply.ts';
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

  /** Waits while the region hangs; rejects when the client goes away first. */
  async through(signal: AbortSignal): Promise<void> {
    await this.#faults.until(({ down }) => down !== 'hanging', signal);
  }

  async latency(signal: AbortSignal): Promise<void> {
    const { latencyMs } = this.#faults.conditions;
    if (latencyMs > 0) await this.#clock.sleep(latencyMs, signal);
  }

  /** The body no faster than the link is; conditions that change count from the next piece on. */
  async *paced(body: AsyncIterable<Buffer | string>, signal: AbortSignal): AsyncGenerator<Buffer> {
    let freeMs = 0;
    for await (const part of body) {
      let rest = typeof part === 'string' ? Buffer.from(part) : part;
      while (rest.length > 0) {
        await this.through(signal);
        const { bytesPerSecond } = this.#faults.conditions;
        const piece =
          bytesPerSecond === null
            ? rest
            : rest.subarray(0, Math.max(1, Math.floor(bytesPerSecond / piecesPerSecond)));
        if (bytesPerSecond !== null) {
          const nowMs = this.#clock.monotonicMs();
          freeMs = Math.max(freeMs, nowMs) + (piece.length / bytesPerSecond) * 1_000;
          await this.#clock.sleep(freeMs - nowMs, signal);
        }
        yield piece;
        rest = rest.subarray(piece.length);
      }
    }
  }

  /** The reply with a body that passes the link. A text is cut in pieces only for a slow one. */
  pacedReply(reply: Reply, signal: AbortSignal): Reply {
    const { headers = {}, body = '' } = reply;
    const stream = (pieces: AsyncIterable<Buffer | string>) =>
      Readable.from(this.paced(pieces, signal), { objectMode: false });
    if (body instanceof Readable) return { ...reply, body: stream(body) };
    const bytes = Buffer.byteLength(body);
    if (bytes === 0 || this.#faults.conditions.bytesPerSecond === null) return reply;
    return {
      ...reply,
      headers: { 'content-length': String(bytes), ...headers },
      body: stream(Readable.from([body])),
    };
  }
}
