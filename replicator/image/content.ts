import { getHashes } from 'node:crypto';
import type { Image } from '../../regions/image/types.ts';

/** What an image holds, as far as a hash can say; the algorithm by Glance's (Python's) name. */
export interface Content {
  readonly hashAlgo: string;
  readonly hashValue: string;
}

/**
 * The strongest statement that its Glance makes about an image's data and that can be computed here:
 * the multihash, else the MD5. Null when there is none, which is so before the upload.
 */
export function contentOf(image: Image): Content | null {
  if (image.hashAlgo !== null && image.hashValue !== null && nodeHashName(image.hashAlgo) !== null)
    return { hashAlgo: image.hashAlgo, hashValue: image.hashValue };
  return image.checksum === null ? null : { hashAlgo: 'md5', hashValue: image.checksum };
}

/** One string for a property of a staged image. */
export function contentText({ hashAlgo, hashValue }: Content): string {
  return `${hashAlgo}:${hashValue}`;
}

/**
 * Whether two Glances speak of the same bytes: by the multihash when both chose the same algorithm,
 * else by MD5. What cannot be compared is not the same.
 */
export function isSameContent(one: Image, other: Image): boolean {
  if (one.sizeBytes !== other.sizeBytes) return false;
  if (one.hashAlgo !== null && one.hashAlgo === other.hashAlgo && one.hashValue !== null)
    return one.hashValue === other.hashValue;
  return one.checksum !== null && one.checksum === other.checksum;
}

/** OpenSSL's name of what Python's hashlib calls `sha512`, `sha3_256`, `blake2b`; null when it has none. */
export function nodeHashName(hashAlgo: string): string | null {
  const name = openSslNames[hashAlgo] ?? hashAlgo.replace('_', '-');
  return available.has(name) ? name : null;
}

/** The same for `createHash`, which throws where OpenSSL has none. */
export function hashNameOf(hashAlgo: string): string {
  return nodeHashName(hashAlgo) ?? hashAlgo;
}

const openSslNames: Readonly<Record<string, string>> = {
  blake2b: 'blake2b512',
  blake2s: 'blake2s256',
};

const available: ReadonlySet<string> = new Set(getHashes());
