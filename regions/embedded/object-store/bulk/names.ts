import { quote, unquote } from '../wire.ts';

/** A `container/object` or a container of a bulk request. */
export interface BulkName {
  /** Undefined: its bytes are no UTF-8, or hold a NUL. */
  readonly text: string | undefined;
  /** Percent-encoded, for a report. */
  readonly shown: string;
}

/** Of latin-1 wire text, percent-encoded or not. */
export function bulkName(wire: string): BulkName {
  const text = unquote(wire);
  if (text !== undefined) return nameOf(text);
  const bytes = wire.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  );
  const escaped = (char: string) =>
    `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  return { text, shown: bytes.replace(/[^\w.~/-]/g, escaped) };
}

/** Of a name that is known to be one. */
export function nameOf(text: string): BulkName & { readonly text: string } {
  return { text, shown: quote(text) };
}

/** Slashes before the container don't count. */
export function splitPath(path: string): { readonly container: string; readonly object: string } {
  const [container = '', ...rest] = path.replace(/^\/+/, '').split('/');
  return { container, object: rest.join('/') };
}
