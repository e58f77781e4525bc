/** Of no bytes at all. */
export const emptyMd5 = 'd41d8cd98f00b204e9800998ecf8427e';

/**
 * Whether an ETag is the MD5 of the bytes: an object put in parts through S3 has `<32 hex>-<parts>`,
 * which no server can compare with what it receives. Hash the bytes of such an object on their way.
 */
export function isMd5(etag: string): boolean {
  return /^[0-9a-f]{32}$/i.test(etag);
}
