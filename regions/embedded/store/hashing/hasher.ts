import { createHash } from 'node:crypto';

export type Algorithm = 'md5' | 'sha512';

/** Digests of one stream of bytes, by several algorithms at once. */
export interface Hasher {
  /** In order; resolves when more can be taken. The pieces may not change until the digests are there. */
  update(pieces: readonly Buffer[]): Promise<void>;
  /** In the algorithms' order, hexadecimal; ends it. */
  digests(): Promise<readonly string[]>;
  /** Ends it without an answer. */
  abandon(): void;
}

/** In this thread: for small bodies, which most are. */
export function hashHere(algorithms: readonly Algorithm[]): Hasher {
  const hashes = algorithms.map((algorithm) => createHash(algorithm));
  return {
    update: (pieces) => {
      for (const hash of hashes) for (const piece of pieces) hash.update(piece);
      return Promise.resolve();
    },
    digests: () => Promise.resolve(hashes.map((hash) => hash.digest('hex'))),
    abandon: () => undefined,
  };
}
