import type { Fence } from '../kind.ts';

export function fenceImage(): Promise<Fence> {
  return Promise.resolve({ state: 'not-needed', detail: "an image's data can't be written again" });
}

/** Nothing was changed. */
export function unfenceImage(): Promise<void> {
  return Promise.resolve();
}
