import { FarshoreError } from '../../kernel/errors.ts';
import type { ObjectDownload } from './types.ts';

/**
 * The whole object in memory, for what is small by its nature: manifests, marks. More than `mostBytes`
 * is refused by name, by its announced length before anything is read, else as soon as it is more.
 * Throws `object-store.too-large`; the connection is dropped then.
 */
export async function readWhole(
  { info, body }: ObjectDownload,
  limit: { readonly mostBytes: number; readonly operation: string; readonly subject: string },
): Promise<Buffer> {
  const { mostBytes } = limit;
  const parts: Buffer[] = [];
  let bytes = info.bytes;
  if (bytes <= mostBytes) {
    bytes = 0;
    for await (const part of body as AsyncIterable<Buffer>) {
      bytes += part.length;
      if (bytes > mostBytes) break;
      parts.push(part);
    }
    if (bytes <= mostBytes) return Buffer.concat(parts);
  }
  body.destroy();
  throw new FarshoreError(`it has ${bytes} bytes or more, and at most ${mostBytes} are read`, {
    code: 'object-store.too-large',
    kind: 'permanent',
    operation: limit.operation,
    subject: limit.subject,
    hint: 'it is not what it should be: look at who may write there, and at what wrote it',
  });
}
