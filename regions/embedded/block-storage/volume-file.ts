import { join } from 'node:path';

/** Of a region kept in `directory`: the raw file behind a volume, found from outside its process. */
export function volumeFile(directory: string, id: string): string {
  return join(directory, 'block-storage', 'disks', id);
}
