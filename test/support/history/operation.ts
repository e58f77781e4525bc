/** What is asked of a register. Values are unique in a history; null: the register was never written. */
export type Action =
  | { readonly type: 'read' }
  | { readonly type: 'write'; readonly value: string }
  | {
      readonly type: 'compare-and-set';
      readonly expected: string | null;
      readonly value: string;
    };

/** What the client was told. */
export type Outcome =
  | { readonly type: 'read'; readonly value: string | null }
  | { readonly type: 'written' }
  /** A comparison that did not hold. */
  | { readonly type: 'compared'; readonly held: boolean }
  /** It certainly had no effect. */
  | { readonly type: 'refused' }
  /** It took effect, takes effect later, or never does. */
  | { readonly type: 'unknown' };

export interface Operation {
  readonly client: string;
  readonly key: string;
  readonly action: Action;
  readonly outcome: Outcome;
  /** On one monotonic clock for all clients. */
  readonly invokedMs: number;
  readonly endedMs: number;
}
