import { Readable } from 'node:stream';
import type { ReadBuffers } from './read-buffers.ts';
import type { Watchdog } from './watchdog.ts';

export interface BodyGuard {
  readonly watchdog: Pick<Watchdog, 'moved' | 'pause' | 'resume' | 'stop'>;
  /** From Content-Length; undefined when the service did not say. */
  readonly expectedBytes: number | undefined;
  /** Turns what ended the body too early into the error that its reader gets. */
  readonly explain: (raw: unknown) => Error;
  /** Called once, when the body is done with, whole or not. */
  readonly closed: (bytes: number) => void;
}

/** What the body comes from: undici's controller of the request. */
export interface BodySource {
  pause(): void;
  resume(): void;
  abort(reason: Error): void;
}

/** Some pieces of a socket: fewer, and it would be stopped and started for each of them. */
const heldBytes = 256 * 1024;

/**
 * The body of an answer on its way from the connection to its reader: errs when it ends early or stops
 * coming, passes on back pressure, and gives everything back (socket, place in the line, timer) when
 * closed. Time in which the reader does not read is not held against the service.
 */
export class GuardedBody extends Readable {
  readonly #source: BodySource;
  readonly #guard: BodyGuard;
  readonly #buffers: Pick<ReadBuffers, 'giveBack'>;
  /** What came before anybody read: to push it would be taken for reading on. */
  #early: Buffer[] = [];
  /** Of the pieces that wait for the reader, and perhaps of some before them: how long each is. */
  readonly #lengths: number[] = [];
  #lengthsSum = 0;
  #isRead = false;
  #bytes = 0;
  #hasEnded = false;

  constructor(source: BodySource, guard: BodyGuard, buffers: Pick<ReadBuffers, 'giveBack'>) {
    super({ highWaterMark: heldBytes });
    this.#source = source;
    this.#guard = guard;
    this.#buffers = buffers;
    guard.watchdog.pause();
    // Whoever has it may look at something else first: he hears of it when he reads.
    this.on('error', () => undefined);
  }

  /** The next piece, which may be empty. */
  receive(piece: Buffer): void {
    if (piece.length === 0) return;
    this.#bytes += piece.length;
    this.#guard.watchdog.moved(piece.length);
    if (!this.#isRead) this.#early.push(piece);
    else if (this.#pass(piece)) return;
    this.#source.pause();
    this.#guard.watchdog.pause();
  }

  /** From its only reader: nobody looks at it any more, and something else may be read into its place. */
  giveBack(piece: Buffer): void {
    this.#buffers.giveBack(piece);
  }

  /** There is no more. */
  complete(): void {
    this.#hasEnded = true;
    const { expectedBytes, watchdog } = this.#guard;
    // All of it is here: nothing that happens from now on takes it away.
    watchdog.stop();
    if (expectedBytes !== undefined && expectedBytes !== this.#bytes) this.cut(undefined);
    else if (this.#early.length === 0) this.push(null);
  }

  /** There was more, which will not come. */
  cut(raw: unknown): void {
    if (!this.destroyed) this.destroy(this.#guard.explain(raw));
  }

  /**
   * One piece at a time: Node would copy all that wait into one. For the last of them no size is named,
   * which is how Node sees the end. To be read until there is none.
   */
  override read(size?: number): Buffer | null {
    this.#forgetRead();
    const first = this.#lengths.length > 1 ? this.#lengths[0] : undefined;
    return super.read(size ?? first) as Buffer | null;
  }

  #pass(piece: Buffer): boolean {
    this.#forgetRead();
    this.#lengths.push(piece.length);
    this.#lengthsSum += piece.length;
    return this.push(piece);
  }

  #forgetRead(): void {
    while (this.#lengthsSum > this.readableLength) this.#lengthsSum -= this.#lengths.shift() ?? 0;
  }

  override _read(): void {
    this.#isRead = true;
    const early = this.#early.splice(0);
    for (const piece of early) this.#pass(piece);
    if (!this.#hasEnded) {
      this.#guard.watchdog.resume();
      this.#source.resume();
    } else if (early.length > 0) this.push(null);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.#hasEnded) this.#source.abort(error ?? new Error('the rest is not read'));
    this.#guard.watchdog.stop();
    this.#guard.closed(this.#bytes);
    done(error);
  }
}
