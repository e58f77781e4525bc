import type { Copy } from '../mover.ts';

/** Names in the bank of every catalog that restoring or checking this copy reads. */
export function catalogsOf(copy: Copy): readonly string[] {
  switch (copy.kind) {
    case 'volume':
      return copy.chain.map((backup) => backup.catalog.object);
    case 'container':
      return [copy, ...copy.segments].map((mirror) => mirror.catalog.object);
    case 'image':
      return [];
  }
}

/**
 * True when both stand for the very same stored bytes: the same objects, versions and hashes in the
 * secondary. Names and other attributes may differ; they are in the manifest and not in the data.
 */
export function isSameData(a: Copy, b: Copy): boolean {
  return a.bytes === b.bytes && a.objects === b.objects && identity(a) === identity(b);
}

function identity(copy: Copy): string {
  switch (copy.kind) {
    case 'volume':
      return JSON.stringify([
        copy.kind,
        ...copy.chain.map((backup) => [
          backup.backupId,
          backup.container,
          backup.prefix,
          backup.metadataSha256,
          backup.sha256FileSha256,
          backup.catalog.sha256,
        ]),
      ]);
    case 'image':
      return JSON.stringify([copy.kind, copy.targetImageId, copy.hashAlgo, copy.hashValue]);
    case 'container':
      return JSON.stringify([
        copy.kind,
        ...[copy, ...copy.segments].map((mirror) => [mirror.mirror, mirror.catalog.sha256]),
      ]);
  }
}
