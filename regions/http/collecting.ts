import { type Controller, Dispatched } from './dispatched.ts';
import { announcedBytes, flat } from './headers.ts';
import type { Answer, Outgoing } from './transport.ts';
import type { Watchdog } from './watchdog.ts';

export interface WholeOutgoing extends Outgoing {
  readonly data?: Buffer | undefined;
  readonly mostBytes: number;
  readonly watchdog: Pick<Watchdog, 'onEnd'>;
  /** Hears of the answer's bytes as they come. */
  readonly moved: (bytes: number) => void;
}

export interface WholeAnswer extends Answer<Buffer> {
  /** False: `body` is the beginning of more. */
  readonly isWhole: boolean;
}

/** What undici tells of one request, until its answer is there or is not to be had. */
export class Collecting extends Dispatched {
  readonly #request: WholeOutgoing;
  readonly #resolve: (answer: WholeAnswer) => void;
  readonly #reject: (error: unknown) => void;
  readonly #parts: Buffer[] = [];
  #bytes = 0;
  #status = 0;
  #headers: Readonly<Record<string, string>> = {};

  constructor(
    request: WholeOutgoing,
    resolve: (answer: WholeAnswer) => void,
    reject: (error: unknown) => void,
  ) {
    super();
    this.#request = request;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onResponseStart(_: Controller, status: number, headers: object): void {
    // An interim answer: the one that counts comes after it.
    if (status < 200) return;
    this.#status = status;
    this.#headers = flat(headers);
  }

  onResponseData(controller: Controller, part: Buffer): void {
    this.#bytes += part.length;
    this.#request.moved(part.length);
    this.#parts.push(part);
    if (this.#bytes <= this.#request.mostBytes) return;
    this.#answer(false);
    controller.abort(new Error('the rest is not read'));
  }

  onResponseEnd(): void {
    const announced = announcedBytes(this.#request.method, this.#status, this.#headers);
    const isCut = announced !== undefined && announced !== this.#bytes;
    if (isCut) this.#reject(new Error('the answer ended before its length'));
    else this.#answer(true);
  }

  protected override fail(reason: unknown): void {
    this.#reject(reason);
  }

  #answer(isWhole: boolean): void {
    const [only] = this.#parts;
    const body =
      this.#parts.length === 1 && only !== undefined
        ? only
        : Buffer.concat(this.#parts, this.#bytes);
    this.#resolve({ status: this.#status, headers: this.#headers, body, isWhole });
  }
}
