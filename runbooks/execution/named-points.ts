import type { OlderCopies } from '../steps/older-copies.ts';
import type { Execution } from './types.ts';

/** The points that the order names: one for all, one for some resources, or none. */
export function namedPoints({ params }: Pick<Execution, 'params'>): readonly string[] {
  const { point, older } = params as { readonly point?: string; readonly older?: OlderCopies };
  return [...new Set([point, older?.point])].filter((each) => each !== undefined);
}
