import { type Controller, Dispatched } from './dispatched.ts';
import { type BodyGuard, GuardedBody } from './guarded-body.ts';
import { flat } from './headers.ts';
import type { ReadBuffers } from './read-buffers.ts';
import type { Answer, Outgoing } from './transport.ts';
import type { Watchdog } from './watchdog.ts';

export interface StreamOutgoing extends Outgoing {
  /** Not a stream: undici would destroy one with the error of this request, as if it were its own. */
  readonly data?: AsyncIterable<Buffer> | Buffer | undefined;
  readonly watchdog: Pick<Watchdog, 'onEnd'>;
  /** Hears of the request's bytes as they go. */
  readonly sent: (bytes: number) => void;
  /** What watches over the answer's body; asked once, when its headers are there. */
  readonly guard: (answer: Omit<Answer<never>, 'body'>) => BodyGuard;
}

/** What undici tells of one request whose answer is a stream: the pieces go to their reader as they come. */
export class Streaming extends Dispatched {
  readonly #request: StreamOutgoing;
  readonly #resolve: (answer: Answer<GuardedBody>) => void;
  readonly #reject: (error: unknown) => void;
  readonly #buffers: Pick<ReadBuffers, 'giveBack'>;
  #body: GuardedBody | undefined;

  constructor(
    request: StreamOutgoing,
    buffers: Pick<ReadBuffers, 'giveBack'>,
    resolve: (answer: Answer<GuardedBody>) => void,
    reject: (error: unknown) => void,
  ) {
    super();
    this.#request = request;
    this.#buffers = buffers;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onBodySent(piece: Uint8Array | string): void {
    this.#request.sent(Buffer.byteLength(piece));
  }

  onResponseStart(controller: Controller, status: number, headers: object): void {
    // An interim answer: the one that counts comes after it.
    if (status < 200) return;
    const answer = { status, headers: flat(headers) };
    this.#body = new GuardedBody(controller, this.#request.guard(answer), this.#buffers);
    this.#resolve({ ...answer, body: this.#body });
  }

  onResponseData(_: Controller, piece: Buffer): void {
    this.#body?.receive(piece);
  }

  onResponseEnd(): void {
    this.#body?.complete();
  }

  protected override fail(error: unknown): void {
    if (this.#body === undefined) this.#reject(error);
    else this.#body.cut(error);
  }
}
