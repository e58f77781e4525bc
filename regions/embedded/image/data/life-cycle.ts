import type { ImageRow, ImageStatus, StoredData } from '../records/image-row.ts';
import { badRequest, conflict } from '../replies/image-refusal.ts';

/** Data is taken once, by an image that waits for it. */
export function requireTransition({ status }: ImageRow, next: ImageStatus): void {
  if (status !== 'queued')
    throw conflict(`Image status transition from ${status} to ${next} is not allowed`);
}

export function requireFormats(row: ImageRow): void {
  const missing = (['disk_format', 'container_format'] as const).filter((name) => !row[name]);
  if (missing.length === 0) return;
  const noun = missing.length === 1 ? 'Property' : 'Properties';
  throw badRequest(`${noun} ${missing.join(', ')} must be set prior to saving data.`);
}

export function activated(row: ImageRow, data: StoredData, diskBytes: number | null): ImageRow {
  return {
    ...row,
    status: 'active',
    size: data.bytes,
    virtual_size: diskBytes,
    checksum: data.md5,
    os_hash_algo: 'sha512',
    os_hash_value: data.sha512,
    data,
    staged: null,
  };
}
