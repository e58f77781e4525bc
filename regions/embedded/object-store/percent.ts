const escape = /%([0-9a-fA-F]{2})/g;

/**
 * A header's value (the wire's bytes as latin-1) or a line of a body so read, with its escapes
 * resolved as Swift does: what is no escape stays, bytes that are no UTF-8 become U+FFFD.
 */
export function percentDecoded(text: string): string {
  return unescapedBytes(text).toString('utf8');
}

export function unescapedBytes(text: string): Buffer {
  return Buffer.from(
    text.replace(escape, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  );
}

/** As Swift writes a name into a path: everything but letters, digits, `_.-~/`. */
export function percentEncoded(name: string | Buffer): string {
  return percentEncodedExcept(name, /[\w.~/-]/);
}

/** `safe` is asked of one character at a time. */
export function percentEncodedExcept(name: string | Buffer, safe: RegExp): string {
  return Array.from(Buffer.from(name), (byte) => {
    const character = String.fromCharCode(byte);
    return byte < 0x80 && safe.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
}
