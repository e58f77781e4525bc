const token = '[^()<>@,;:"/\\[\\]?={}\\0-\\x20\\x7f]+';
// A type is a tenant's: nothing here may be tried twice, so no blanks before the semicolon.
const parameter = new RegExp(`;\\s*(${token})\\s*(?:=\\s*(${token}|"(?:[^"\\\\]|\\\\.)*"))?`, 'g');

/**
 * A content type as Swift's listings show it: parameters re-joined as `;name=value`, without blanks,
 * what is no parameter dropped (utils.py, `extract_swift_bytes`: `a/b; x=c/d` is listed as
 * `a/b;x=c`). HEAD and GET keep what was sent. `type` is text; a header's value is first decoded
 * from the wire's bytes (`textOfHeader`). Doing it again changes nothing.
 */
export function listedType(type: string): string {
  const end = type.indexOf(';');
  if (end < 0) return type;
  let listed = type.slice(0, end);
  for (const [, name = '', value = ''] of type.slice(end).matchAll(parameter))
    if (name.trim() !== 'swift_bytes') listed += `;${name.trim()}=${value.trim()}`;
  return listed;
}

/**
 * Whether two types may be that of one object, where one or both come from a listing: compare so
 * whenever a row is held against a HEAD, a GET or another row. Two HEADs are compared as they are.
 * An empty type is one that the store did not tell (a row of Ceph RGW): nothing contradicts it.
 */
export function isSameType(left: string, right: string): boolean {
  return left === '' || right === '' || listedType(left) === listedType(right);
}

/** A header's value as text: Swift's are UTF-8; what is none is left as latin-1. */
export function textOfHeader(wire: string): string {
  const bytes = Buffer.from(wire, 'latin1');
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : wire;
}
