import type { Dispatcher } from 'undici';

export type Controller = Dispatcher.DispatchController;

/** What undici is asked for: can be given up at any time, and says so to whoever waits. */
export abstract class Dispatched implements Dispatcher.DispatchHandler {
  #controller: Controller | undefined;
  #aborted: { readonly reason: unknown } | undefined;

  /** Nothing more is wanted: at once, though undici may still wait for a connection to send it on. */
  abort(reason: unknown): void {
    this.#aborted = { reason };
    this.fail(reason);
    this.#controller?.abort(asError(reason));
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    if (this.#aborted !== undefined) controller.abort(asError(this.#aborted.reason));
  }

  onResponseError(_: Controller, error: Error): void {
    this.fail(error);
  }

  protected abstract fail(reason: unknown): void;
}

/** undici takes errors only. */
function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('no longer wanted', { cause: reason });
}
