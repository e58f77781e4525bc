import type { Readable } from 'node:stream';
import { GuardedBody } from './guarded-body.ts';
import type { Watchdog } from './watchdog.ts';

/**
 * undici asks for the next piece when its socket has taken all before, or holds less than its high-water
 * mark of them (64 KiB, of TLS 16). So a piece after which so much more was asked for has left the process.
 */
const heldBehind = 256 * 1024;

/**
 * What a request sends of a stream. undici does not get the stream itself: it would destroy it with the
 * error of the request, as if it were the stream's own. While the next piece is waited for, the service
 * that is to have it is not.
 */
export class Upload implements AsyncIterableIterator<Buffer> {
  readonly #body: Readable;
  readonly #watchdog: Pick<Watchdog, 'pause' | 'resume'>;
  #pieces: AsyncIterator<Buffer> | undefined;
  #sourceError: Error | undefined;
  /** Straight from a connection, its pieces are lent: nobody else has them. */
  readonly #lender: GuardedBody | undefined;
  /** Pieces of a lender that may not have left yet. */
  readonly #behind: Buffer[] = [];
  #behindBytes = 0;

  constructor(body: Readable, watchdog: Pick<Watchdog, 'pause' | 'resume'>) {
    this.#body = body;
    this.#watchdog = watchdog;
    this.#lender = body instanceof GuardedBody ? body : undefined;
    // Thrown to whoever reads, see `sourceError`; it may come before anybody does.
    body.once('error', () => undefined);
  }

  /** The stream was asked for its first piece: it can't be sent again. */
  get isBegun(): boolean {
    return this.#pieces !== undefined;
  }

  /** What the stream itself failed with. */
  get sourceError(): Error | undefined {
    return this.#sourceError;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Buffer>> {
    this.#pieces ??= this.#body[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    this.#watchdog.pause();
    this.#giveBack();
    try {
      const next = await this.#pieces.next();
      if (this.#lender !== undefined && next.done !== true) this.#keep(next.value);
      return next;
    } catch (error) {
      this.#sourceError = error as Error;
      throw error;
    } finally {
      this.#watchdog.resume();
    }
  }

  /** Nobody wants the rest: without an error, which would be taken for the stream's own. */
  async return(): Promise<IteratorResult<Buffer>> {
    this.#body.destroy();
    await this.#pieces?.return?.();
    return { done: true, value: undefined };
  }

  #keep(piece: Buffer): void {
    this.#behind.push(piece);
    this.#behindBytes += piece.length;
  }

  #giveBack(): void {
    for (;;) {
      const [oldest] = this.#behind;
      if (oldest === undefined || this.#behindBytes - oldest.length < heldBehind) return;
      this.#behind.shift();
      this.#behindBytes -= oldest.length;
      this.#lender?.giveBack(oldest);
    }
  }
}
