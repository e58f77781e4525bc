import { randomBytes } from 'node:crypto';

export interface Random {
  /** Uniform in [0, 1): jitter and backoff. */
  next(): number;
  /** A fresh identifier: 16 lower-case hexadecimal characters. */
  id(): string;
}

export const systemRandom: Random = Object.freeze({
  next: () => Math.random(),
  id: () => randomBytes(8).toString('hex'),
});
