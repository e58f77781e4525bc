import type { Refusal } from '../http/refusal.ts';
import type { HeaderMap } from './records.ts';
import { page, plain } from './refusals.ts';
import { titled, unquote } from './wire.ts';

/** What Swift takes, as /info says it. */
export const limits = Object.freeze({
  metaNameBytes: 128,
  metaValueBytes: 256,
  metaCount: 90,
  metaOverallBytes: 4_096,
  headerBytes: 8_192,
  accountNameBytes: 256,
  containerNameBytes: 256,
  objectNameBytes: 1_024,
  fileBytes: 5_368_709_122,
  listingRows: 10_000,
});

type Level = 'account' | 'container' | 'object';

/** Of one request's headers. Throws a Refusal of 400. */
export function checkMetadata(headers: HeaderMap, level: Level): void {
  const prefix = `x-${level}-meta-`;
  const meta: [name: string, value: string][] = [];
  for (const [header, value] of Object.entries(headers)) {
    if (value.length > limits.headerBytes)
      throw plain(400, `Header value too long: ${titled(header).slice(0, limits.metaNameBytes)}`);
    if (!header.startsWith(prefix)) continue;
    const name = header.slice(prefix.length);
    if (name === '') throw plain(400, 'Metadata name cannot be empty');
    if (level !== 'object' && unquote(value.replaceAll('%', '')) === undefined)
      throw plain(400, 'Metadata must be valid UTF-8');
    if (name.length > limits.metaNameBytes)
      throw plain(400, `Metadata name too long: ${prefix}${titled(name)}`);
    if (value.length > limits.metaValueBytes) {
      const limit = limits.metaValueBytes;
      throw plain(400, `Metadata value longer than ${limit}: ${prefix}${titled(name)}`);
    }
    meta.push([name, value]);
  }
  checkSizes(meta, plain);
}

/** Of what an account or a container has altogether. Throws a Refusal of 400. */
function checkMerged(headers: HeaderMap, level: Level): void {
  const prefix = `x-${level}-meta-`;
  const meta = Object.entries(headers)
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, value]) => [name.slice(prefix.length), value] as const);
  checkSizes(meta, page);
}

function checkSizes(
  meta: readonly (readonly [name: string, value: string])[],
  refuse: (status: number, message: string) => Refusal,
): void {
  const bytes = meta.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (meta.length > limits.metaCount)
    throw refuse(400, `Too many metadata items; max ${limits.metaCount}`);
  if (bytes > limits.metaOverallBytes)
    throw refuse(400, `Total metadata too large; max ${limits.metaOverallBytes}`);
}

/**
 * What an account or a container has after a POST or PUT: named ones change, an empty value or
 * `x-remove-…` takes one away, the rest stays. `isKept` picks the headers that stay at all.
 */
export function merged(
  old: HeaderMap,
  request: HeaderMap,
  level: 'account' | 'container',
  isKept: (name: string) => boolean,
): HeaderMap {
  const result = new Map(Object.entries(old));
  for (const [header, value] of Object.entries(request)) {
    const name = header.startsWith('x-remove-') ? `x-${header.slice('x-remove-'.length)}` : header;
    if (!isKept(name)) continue;
    if (name !== header || value === '') {
      // A value that is set in the same request wins.
      if (name === header || (request[name] ?? '') === '') result.delete(name);
    } else result.set(name, value);
  }
  const headers = Object.fromEntries(result);
  checkMerged(headers, level);
  return headers;
}
