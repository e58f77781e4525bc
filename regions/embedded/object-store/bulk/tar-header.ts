export const blockBytes = 512;

/** One header block of a tar archive, before what extended headers say about it. */
export interface TarHeader {
  readonly name: Buffer;
  readonly bytes: number;
  /** One character, as in the format's description; `0` for the oldest form of a file. */
  readonly type: string;
}

/** `empty`: the block that ends an archive. */
export function tarHeader(block: Buffer): TarHeader | 'empty' | 'invalid' {
  if (block.every((byte) => byte === 0)) return 'empty';
  const stored = number(block.subarray(148, 156));
  let sum = 8 * 0x20;
  for (const [at, byte] of block.entries()) if (at < 148 || at >= 156) sum += byte;
  const bytes = number(block.subarray(124, 136));
  if (stored !== sum || bytes === undefined) return 'invalid';
  const name = text(block.subarray(0, 100));
  const type = String.fromCharCode(block[156] ?? 0);
  if (type === '\0') return { name, bytes, type: name.at(-1) === 0x2f ? '5' : '0' };
  const isPosix = block.subarray(257, 263).toString('latin1') === 'ustar\0';
  const prefix = isPosix ? text(block.subarray(345, 500)) : Buffer.alloc(0);
  const isLong = prefix.length > 0;
  return { name: isLong ? Buffer.concat([prefix, Buffer.from('/'), name]) : name, bytes, type };
}

function text(field: Buffer): Buffer {
  const end = field.indexOf(0);
  return Buffer.from(end < 0 ? field : field.subarray(0, end));
}

/** Octal digits, or binary when the first bit is set; undefined: neither, or beyond any real size. */
function number(field: Buffer): number | undefined {
  if (((field[0] ?? 0) & 0x80) !== 0) {
    let value = (field[0] ?? 0) & 0x7f;
    for (const byte of field.subarray(1)) value = value * 256 + byte;
    return Number.isSafeInteger(value) ? value : undefined;
  }
  const digits = text(field).toString('latin1').trim();
  return /^[0-7]*$/.test(digits) ? parseInt(digits === '' ? '0' : digits, 8) : undefined;
}

/** The records of a pax header: `length key=value\n` each. Undefined when they are spoiled. */
export function paxRecords(data: Buffer): ReadonlyMap<string, Buffer> | undefined {
  const records = new Map<string, Buffer>();
  let at = 0;
  while (at < data.length && data[at] !== 0) {
    const space = data.indexOf(0x20, at);
    const length = Number(data.subarray(at, space).toString('latin1'));
    const equals = data.indexOf(0x3d, space);
    const end = at + length;
    if (space < 0 || !Number.isInteger(length) || equals < 0 || equals >= end || end > data.length)
      return undefined;
    records.set(
      data.subarray(space + 1, equals).toString('utf8'),
      data.subarray(equals + 1, end - 1),
    );
    at = end;
  }
  return records;
}
