import { FarshoreError } from '../../kernel/errors.ts';

/** `/` + the container's name, percent-encoded. Throws `object-store.invalid-name`. */
export function containerPath(container: string): string {
  // `.` and `..` are legal to Swift, but URL libraries on the way resolve them as folders.
  if (container === '' || container === '.' || container === '..' || container.includes('/'))
    throw new FarshoreError(`'${container}' cannot be the name of a container`, {
      code: 'object-store.invalid-name',
      kind: 'permanent',
      operation: 'address container',
      subject: container,
      hint: "choose a name without '/' that is not '.' or '..'",
    });
  return `/${encodeURIComponent(container)}`;
}

/** `/container/object`, percent-encoded but for the slashes of the object's name. */
export function objectPath(container: string, object: string): string {
  if (object === '')
    throw new FarshoreError('an object must have a name', {
      code: 'object-store.invalid-name',
      kind: 'permanent',
      operation: 'address object in container',
      subject: container,
    });
  return `${containerPath(container)}/${encodeName(object)}`;
}

/** For paths and for headers like X-Copy-From: all bytes of UTF-8 but the unreserved ones and `/`. */
export function encodeName(name: string): string {
  return encodeURIComponent(name).replaceAll('%2F', '/');
}

/**
 * The name in a header or listing, where Swift percent-encodes: bytes are decoded one by one, a `%`
 * that begins no escape stands for itself (as Python's `unquote` does).
 */
export function decodeName(wire: string): string {
  const bytes = wire.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/**
 * The order of Swift's listings: by the bytes of UTF-8. JavaScript's own order differs where surrogates,
 * which stand for what is beyond U+FFFF, meet characters from U+E000 on.
 */
export function compareNames(left: string, right: string): number {
  const shorter = Math.min(left.length, right.length);
  for (let at = 0; at < shorter; at += 1) {
    const a = left.charCodeAt(at);
    const b = right.charCodeAt(at);
    if (a !== b) return a >= 0xd800 && b >= 0xd800 ? rank(a) - rank(b) : a - b;
  }
  return left.length - right.length;
}

function rank(unit: number): number {
  return unit >= 0xe000 ? unit : unit + 0x10000;
}
