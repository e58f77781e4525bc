import type { Dispatcher } from 'undici';
import { asError } from './collecting.ts';
import { type BodyGuard, GuardedBody } from './guarded-body.ts';
import { flat } from './headers.ts';
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

type Controller = Dispatcher.DispatchController;

/** What undici tells of one request whose answer is a stream: the pieces go to their reader as they come. */
export class Streaming implements Dispatcher.DispatchHandler {
  readonly #request: StreamOutgoing;
  readonly #resolve: (answer: Answer<GuardedBody>) => void;
  readonly #reject: (error: unknown) => void;
  #controller: Controller | undefined;
  #body: GuardedBody | undefined;
  #aborted: { readonly reason: unknown } | undefined;

  constructor(
    request: StreamOutgoing,
    resolve: (answer: Answer<GuardedBody>) => void,
    reject: (error: unknown) => void,
  ) {
    this.#request = request;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Nothing more is wanted: at once, though undici may still wait for a connection to send it on. */
  abort(reason: unknown): void {
    this.#aborted = { reason };
    this.#fail(reason);
    this.#controller?.abort(asError(reason));
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    if (this.#aborted !== undefined) controller.abort(asError(this.#aborted.reason));
  }

  onBodySent(piece: Uint8Array | string): void {
    this.#request.sent(Buffer.byteLength(piece));
  }

  onResponseStart(controller: Controller, status: number, headers: object): void {
    // An interim answer: the one that counts comes after it.
    if (status < 200) return;
    const answer = { status, headers: flat(headers) };
    this.#body = new GuardedBody(controller, this.#request.guard(answer));
    this.#resolve({ ...answer, body: this.#body });
  }

  onResponseData(_: Controller, piece: Buffer): void {
    this.#body?.receive(piece);
  }

  onResponseEnd(): void {
    this.#body?.complete();
  }

  onResponseError(_: Controller, error: Error): void {
    this.#fail(error);
  }

  #fail(error: unknown): void {
    if (this.#body === undefined) this.#reject(error);
    else this.#body.cut(error);
  }
}
