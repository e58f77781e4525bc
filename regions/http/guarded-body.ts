import { Readable } from 'node:stream';
import type { Watchdog } from './watchdog.ts';

export interface BodyGuard {
  readonly watchdog: Watchdog;
  /** From Content-Length; undefined when the service did not say. */
  readonly expectedBytes: number | undefined;
  /** Turns what ended the body too early into the error that its reader gets. */
  readonly explain: (raw: unknown) => Error;
  /** Called once, when the body is done with, whole or not. */
  readonly closed: (bytes: number) => void;
}

/** Some pieces of a socket: fewer, and it would be stopped and started for each of them. */
const heldBytes = 256 * 1024;

/**
 * The body of an answer on its way to its reader: errs when it ends early or stops coming, passes on
 * back pressure, and gives everything back (socket, place in the line, timer) when closed. Time in
 * which the reader does not read is not held against the service.
 */
export class GuardedBody extends Readable {
  readonly #source: Readable;
  readonly #guard: BodyGuard;
  #bytes = 0;

  constructor(source: Readable, guard: BodyGuard) {
    super({ highWaterMark: heldBytes });
    this.#source = source;
    this.#guard = guard;
    guard.watchdog.pause();
    source.on('data', (chunk: Buffer) => this.#take(chunk));
    source.on('end', () => this.#end());
    source.on('error', (error) => this.destroy(guard.explain(error)));
    source.on('close', () => {
      // After `end` there is nothing left to lose.
      if (!source.readableEnded && !this.destroyed) this.destroy(guard.explain(undefined));
    });
    source.pause();
  }

  override _read(): void {
    this.#guard.watchdog.resume();
    this.#source.resume();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#source.destroy();
    this.#guard.watchdog.stop();
    this.#guard.closed(this.#bytes);
    done(error);
  }

  #take(chunk: Buffer): void {
    this.#bytes += chunk.length;
    this.#guard.watchdog.moved(chunk.length);
    if (this.push(chunk)) return;
    this.#source.pause();
    this.#guard.watchdog.pause();
  }

  #end(): void {
    const { expectedBytes } = this.#guard;
    if (expectedBytes === undefined || expectedBytes === this.#bytes) this.push(null);
    else this.destroy(this.#guard.explain(undefined));
  }
}

/** Passes `body` on once, telling how many bytes went by. Destroys it when cut off in the middle. */
export async function* counted(
  body: Readable,
  moved: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  for await (const chunk of body as AsyncIterable<Buffer | string>) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    moved(bytes.length);
    yield bytes;
  }
}
