import type { HeaderMap } from '../records.ts';

/** 304 or 412 when a condition of the request doesn't hold. The time is rounded up as in its header. */
export function conditionStatus(
  headers: HeaderMap,
  etag: string,
  modifiedSeconds: number,
): 304 | 412 | undefined {
  const noneMatch = headers['if-none-match'];
  if (noneMatch !== undefined && matches(noneMatch, etag)) return 304;
  const match = headers['if-match'];
  if (match !== undefined && match !== '' && !matches(match, etag)) return 412;
  const since = secondsOf(headers['if-modified-since']);
  if (since !== undefined && modifiedSeconds <= since) return 304;
  const until = secondsOf(headers['if-unmodified-since']);
  if (until !== undefined && modifiedSeconds > until) return 412;
  return undefined;
}

function matches(header: string, etag: string): boolean {
  const tags = header.split(',').map((tag) => unquoted(tag.trim()));
  return tags.includes('*') || tags.includes(unquoted(etag));
}

/** With or without the quotes that an ETag should have. */
export function unquoted(etag: string): string {
  return etag.replace(/^"(.*)"$/, '$1');
}

function secondsOf(date: string | undefined): number | undefined {
  const at = date === undefined ? Number.NaN : Date.parse(date);
  return Number.isNaN(at) ? undefined : at / 1_000;
}
