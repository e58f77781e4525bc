import { extname } from 'node:path';

const byExtension: Readonly<Record<string, string>> = Object.freeze({
  '.avi': 'video/x-msvideo',
  '.bin': 'application/octet-stream',
  '.bmp': 'image/bmp',
  '.c': 'text/plain',
  '.css': 'text/css',
  '.csv': 'text/csv',
  '.doc': 'application/msword',
  '.exe': 'application/x-msdos-program',
  '.gif': 'image/gif',
  '.h': 'text/plain',
  '.htm': 'text/html',
  '.html': 'text/html',
  '.iso': 'application/x-iso9660-image',
  '.jpeg': 'image/jpeg',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.md': 'text/markdown',
  '.mp3': 'audio/mpeg',
  '.mp4': 'video/mp4',
  '.pdf': 'application/pdf',
  '.png': 'image/png',
  '.py': 'text/x-python',
  '.sh': 'application/x-sh',
  '.svg': 'image/svg+xml',
  '.tar': 'application/x-tar',
  '.tif': 'image/tiff',
  '.txt': 'text/plain',
  '.wav': 'audio/x-wav',
  '.webp': 'image/webp',
  '.xml': 'text/xml',
  '.zip': 'application/zip',
});

/** Compressed: the type is that of what is inside. */
const encodings: readonly string[] = ['.gz', '.bz2', '.xz', '.Z', '.br'];

/** From the object's name. */
export function guessedType(name: string): string {
  const last = extname(name);
  const inner = encodings.includes(last) ? extname(name.slice(0, -last.length)) : last;
  return byExtension[inner.toLowerCase()] ?? 'application/octet-stream';
}
