import { limits } from '../metadata.ts';
import { page } from '../refusals.ts';
import { isTrue, type Request } from '../request.ts';

export interface ListingQuery {
  readonly prefix: string;
  readonly delimiter: string;
  readonly marker: string;
  readonly endMarker: string;
  readonly isReverse: boolean;
  readonly limit: number;
  /** Undefined: not asked for. */
  readonly path: string | undefined;
}

/** Throws a Refusal of 412. */
export function listingQuery({ query }: Request): ListingQuery {
  const text = query.get('limit') ?? '';
  const limit = /^\d+$/.test(text) ? Number(text) : limits.listingRows;
  if (limit > limits.listingRows) throw page(412, `Maximum limit is ${limits.listingRows}`);
  return {
    prefix: query.get('prefix') ?? '',
    delimiter: query.get('delimiter') ?? '',
    marker: query.get('marker') ?? '',
    endMarker: query.get('end_marker') ?? '',
    isReverse: isTrue(query.get('reverse')),
    limit,
    path: query.get('path') ?? undefined,
  };
}
