import { buffer } from 'node:stream/consumers';
import type { Blobs } from '../../store/blobs.ts';
import type { ImageRow, StoredData } from '../records/image-row.ts';

const qcowHeaderBytes = 32;
const qcowMagic = 'QFI\xfb';
const qcowSizeAt = 24;

/** Bytes of the disk in a bare image; null where its form does not tell. */
export async function virtualSize(
  { disk_format: disk, container_format: container }: ImageRow,
  data: StoredData,
  blobs: Blobs,
): Promise<number | null> {
  if (container !== 'bare' || data.bytes === 0) return null;
  if (disk === 'raw') return data.bytes;
  if (disk !== 'qcow2' || data.bytes < qcowHeaderBytes) return null;
  const head = await buffer(blobs.read(data.id, { first: 0, last: qcowHeaderBytes - 1 }));
  if (head.toString('latin1', 0, qcowMagic.length) !== qcowMagic) return null;
  const bytes = Number(head.readBigUInt64BE(qcowSizeAt));
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : null;
}
