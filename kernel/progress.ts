/**
 * Receives what a piece of work moves, as it moves it. Bytes are what crossed to the secondary over
 * this process; a server-side copy counts as `copied`, what was already there as `present`.
 */
export interface Progress {
  /** More work became known. */
  expect(work: { readonly bytes?: number; readonly objects?: number }): void;
  /** Called as bytes flow, then once with `objects: 1` for each object that is whole. */
  moved(work: { readonly bytes?: number; readonly objects?: number }): void;
  /** Copied inside the secondary's Swift: nothing crossed the link. */
  copied(work: { readonly bytes?: number; readonly objects?: number }): void;
  /** Found whole in the secondary; not shipped. */
  present(work: { readonly bytes?: number; readonly objects?: number }): void;
  /** What is being waited for now, of one subject (a resource's name and id); null when it is over. */
  waiting?(subject: string, waiting: Waiting | null): void;
}

/** Somebody else's work that a piece of work waits for. */
export interface Waiting {
  /** On one line: what it is, how far, and once it is stalled, why and what to do. */
  readonly text: string;
  /** Nothing of it has moved for minutes. */
  readonly isStalled: boolean;
}

export const noProgress: Progress = Object.freeze({
  expect: () => undefined,
  moved: () => undefined,
  copied: () => undefined,
  present: () => undefined,
});
