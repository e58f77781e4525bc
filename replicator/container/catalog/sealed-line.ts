import { crc32 } from 'node:zlib';

const pattern = /^([0-9a-f]{8}) (.*)$/s;

/**
 * A text with its CRC before it, for a local file: what the disk made of it is told from what was written. `of` is
 * what it speaks of: a line that lies in another's file is not taken for one of that.
 */
export function sealed(text: string, of: string): string {
  return `${crcOf(text, of)} ${text}`;
}

/** Null when it is not what was written. */
export function unsealed(line: string, of: string): string | null {
  const [, crc, text = ''] = pattern.exec(line) ?? [];
  return crc !== undefined && crc === crcOf(text, of) ? text : null;
}

function crcOf(text: string, of: string): string {
  return crc32(text, crc32(of)).toString(16).padStart(8, '0');
}
