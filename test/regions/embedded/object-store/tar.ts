/** A member of an archive that a test makes. */
export interface Member {
  readonly name: string | Buffer;
  readonly data?: string | Buffer;
  readonly type?: string;
}

/** A ustar archive, without its end when `isOpen`. */
export function tar(members: readonly Member[], isOpen = false): Buffer {
  const blocks = members.flatMap(({ name, data = '', type = '0' }) => {
    const body = Buffer.from(data);
    const padding = Buffer.alloc((512 - (body.length % 512)) % 512);
    return [header(Buffer.from(name), body.length, type), body, padding];
  });
  return Buffer.concat([...blocks, Buffer.alloc(isOpen ? 0 : 1_024)]);
}

function header(name: Buffer, bytes: number, type: string): Buffer {
  const block = Buffer.alloc(512);
  name.copy(block, 0, 0, 100);
  block.write('0000644\0', 100);
  block.write(`${bytes.toString(8).padStart(11, '0')}\0`, 124);
  block.fill(' ', 148, 156);
  block.write(type, 156);
  block.write('ustar\x0000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

export function pax(records: Readonly<Record<string, string>>): Member {
  const data = Object.entries(records).map(([key, value]) => {
    const rest = Buffer.byteLength(` ${key}=${value}\n`);
    const length = rest + String(rest + String(rest).length).length;
    return `${length} ${key}=${value}\n`;
  });
  return { name: 'PaxHeader', data: data.join(''), type: 'x' };
}
