/** Texts as they stand in Swift's paths and headers. */

/** Percent-encoded as Python does it: all but letters, digits, `_.-~` and the slash. */
export function quote(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replaceAll('%2F', '/')
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Of latin-1 wire text, percent-encoded or not; a `%` that begins no escape stands for itself.
 * Undefined when the bytes are not UTF-8 or hold a NUL.
 */
export function unquote(wire: string): string | undefined {
  const bytes = wire.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  );
  try {
    const text = utf8.decode(Buffer.from(bytes, 'latin1'));
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}

/** Header bytes as text for a listing, which is UTF-8. */
export function textOf(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}

/** `x-object-meta-a` as `X-Object-Meta-A`. */
export function titled(name: string): string {
  return name.replace(/(^|[^a-z])([a-z])/g, (part) => part.toUpperCase());
}
