import type { ApiRequest } from './request.ts';

/** `self` and `bookmark`, as most views have them. */
export function linksOf(request: ApiRequest, collection: string, id: string): object[] {
  return [
    { rel: 'self', href: `${request.base}/${collection}/${id}` },
    { rel: 'bookmark', href: `${request.bookmarkBase}/${collection}/${id}` },
  ];
}
