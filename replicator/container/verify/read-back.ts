import { createHash } from 'node:crypto';
import type { Ambient } from '../../../kernel/ambient.ts';
import { isTransient } from '../../../kernel/errors.ts';
import { piecesOf, type OpenedObject } from '../../../regions/object-store/open-object.ts';
import type { ObjectInfo } from '../../../regions/object-store/types.ts';

const attempts = 4;
const firstPauseMs = 500;

export type ReadBack =
  | {
      readonly state: 'read';
      readonly info: ObjectInfo;
      /** Lower-case hexadecimal, by the algorithm that was asked for. */
      readonly hash: string;
      readonly bytes: number;
      /** The bytes themselves, where they were to be kept and are no more than that. */
      readonly content?: Buffer;
    }
  | { readonly state: 'missing' }
  /** The service answers, but the bytes break off every time: what it does for an object that it finds damaged. */
  | { readonly state: 'unreadable'; readonly reason: string };

export interface ReadOrder {
  readonly algorithm: 'md5' | 'sha256';
  /** Keep the bytes, as long as there are no more. */
  readonly keepBytes?: number;
}

/**
 * Reads one object to its end and hashes it. A service that does not answer throws; bytes that break
 * off again and again are a fact about the object.
 */
export async function readBack(
  open: (signal: AbortSignal) => Promise<OpenedObject | null>,
  order: ReadOrder,
  ambient: Ambient,
  signal: AbortSignal,
): Promise<ReadBack> {
  for (let attempt = 1; ; attempt += 1) {
    const found = await open(signal);
    if (found === null) return { state: 'missing' };
    try {
      return await hashed(found, order);
    } catch (error) {
      signal.throwIfAborted();
      if (!isTransient(error)) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      if (attempt === attempts) return { state: 'unreadable', reason };
    }
    const pauseMs = firstPauseMs * 2 ** (attempt - 1) * (0.5 + ambient.random.next());
    await ambient.clock.sleep(pauseMs, signal);
  }
}

async function hashed(
  opened: OpenedObject,
  { algorithm, keepBytes = -1 }: ReadOrder,
): Promise<ReadBack> {
  const hash = createHash(algorithm);
  let kept: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of piecesOf(opened)) {
    hash.update(chunk);
    bytes += chunk.length;
    if (bytes <= keepBytes) kept.push(chunk);
    else kept = [];
  }
  const read = { state: 'read', info: opened.info, hash: hash.digest('hex'), bytes } as const;
  return bytes <= keepBytes ? { ...read, content: Buffer.concat(kept, bytes) } : read;
}
