import { z } from 'zod';

import { FarshoreError } from '../../kernel/errors.ts';

export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).default(100).describe('Items a page.'),
  marker: z.string().optional().describe('The `next` of the page before.'),
});

export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item),
    next: z.string().nullable().describe('Marker of the next page; null on the last.'),
  });
}

/** One page of a list whose order is stable. */
export function page<T>(
  items: readonly T[],
  key: (item: T) => string,
  query: z.infer<typeof pageQuery>,
): { items: readonly T[]; next: string | null } {
  const after =
    query.marker === undefined ? -1 : items.findIndex((item) => key(item) === query.marker);
  if (query.marker !== undefined && after === -1) {
    throw new FarshoreError(`there is no item ${query.marker}`, {
      code: 'request.bad-request',
      kind: 'permanent',
      operation: 'list from marker',
      hint: 'it may have been deleted meanwhile: begin again without a marker',
    });
  }
  const slice = items.slice(after + 1, after + 1 + query.limit);
  const last = slice.at(-1);
  const isMore = after + 1 + slice.length < items.length;
  return { items: slice, next: isMore && last !== undefined ? key(last) : null };
}
