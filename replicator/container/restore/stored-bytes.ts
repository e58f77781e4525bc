import type { Ambient } from '../../../kernel/ambient.ts';
import type { StoredObjects } from '../../bank/stored-objects.ts';
import type { CatalogRow } from '../catalog/row.ts';
import { flawOf } from '../verify/flaw.ts';
import { readBack } from '../verify/read-back.ts';

type StoredBytes =
  | { readonly state: 'missing' }
  | { readonly state: 'damaged'; readonly detail: string }
  | { readonly state: 'whole'; readonly content?: Buffer };

/** What the bank holds of a row, read and hashed; with its content where that is no more than `keepBytes`. */
export async function readStored(
  row: CatalogRow & { readonly key: string },
  bank: StoredObjects,
  ambient: Ambient,
  signal: AbortSignal,
  keepBytes?: number,
): Promise<StoredBytes> {
  const { key, bytes, md5 = '', sha256 } = row;
  const algorithm = sha256 === undefined ? 'md5' : 'sha256';
  const open = (inner: AbortSignal) => bank.open(key, bytes, inner);
  const order = { algorithm, ...(keepBytes === undefined ? {} : { keepBytes }) } as const;
  const read = await readBack(open, order, ambient, signal);
  if (read.state === 'missing') return { state: 'missing' };
  if (read.state === 'unreadable')
    return { state: 'damaged', detail: `cannot be read: ${read.reason}` };
  const expected = { bytes, md5, ...(sha256 === undefined ? {} : { sha256 }) };
  const flaw = flawOf(expected, { bytes: read.bytes, [algorithm]: read.hash });
  if (flaw !== null) return { state: 'damaged', detail: flaw.detail };
  return { state: 'whole', ...(read.content === undefined ? {} : { content: read.content }) };
}
