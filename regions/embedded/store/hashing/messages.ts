import type { Algorithm } from './hasher.ts';

/** To a hashing thread; `id` names one stream of bytes. */
export type Order =
  | { readonly kind: 'begin'; readonly id: number; readonly algorithms: readonly Algorithm[] }
  | { readonly kind: 'update'; readonly id: number; readonly data: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'zeros'; readonly id: number; readonly bytes: number }
  | { readonly kind: 'end'; readonly id: number }
  | { readonly kind: 'abandon'; readonly id: number };

/** From it: one for each `update` and `zeros`, and one with digests for an `end`. */
export interface Answer {
  readonly id: number;
  readonly digests?: readonly string[];
}
