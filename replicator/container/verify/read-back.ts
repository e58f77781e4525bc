import type { Ambient } from '../../../kernel/ambient.ts';
import { isTransient } from '../../../kernel/errors.ts';
import { beginsAt } from '../../../regions/http/headers.ts';
import { hasStatus } from '../../../regions/http/request-error.ts';
import { piecesOf, type OpenedObject } from '../../../regions/object-store/open-object.ts';
import type { ObjectInfo } from '../../../regions/object-store/types.ts';
import { Reading } from '../../transfer/reading.ts';

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
  /** How far an earlier one came that was broken off: this one goes on there. */
  readonly reading?: Reading;
}

/** From a byte on: what comes may begin at the first all the same. */
type Open = (signal: AbortSignal, from: number) => Promise<OpenedObject | null>;

/**
 * Reads one object to its end and hashes it. A service that does not answer throws; bytes that break
 * off again and again are a fact about the object.
 */
export async function readBack(
  open: Open,
  order: ReadOrder,
  ambient: Ambient,
  signal: AbortSignal,
): Promise<ReadBack> {
  const { reading = new Reading(order.algorithm) } = order;
  for (let attempt = 1; ; attempt += 1) {
    const found = await openAt(open, reading, signal);
    if (found === null) return { state: 'missing' };
    try {
      return await hashed(found, reading, order);
    } catch (error) {
      signal.throwIfAborted();
      if (!isTransient(error)) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      if (attempt === attempts) return { state: 'unreadable', reason };
      reading.restart();
    }
    const pauseMs = firstPauseMs * 2 ** (attempt - 1) * (0.5 + ambient.random.next());
    await ambient.clock.sleep(pauseMs, signal);
  }
}

/** From where the reading is, or all of it and the reading begun anew. */
async function openAt(
  open: Open,
  reading: Reading,
  signal: AbortSignal,
): Promise<OpenedObject | null> {
  const from = reading.bytes;
  if (from === 0) return await open(signal, 0);
  try {
    const found = await open(signal, from);
    if (found === null || !beginsAt(found.info.headers, from)) reading.restart();
    return found;
  } catch (error) {
    // It has no byte there any more.
    if (!hasStatus(error, 416)) throw error;
    reading.restart();
    return await open(signal, 0);
  }
}

async function hashed(
  opened: OpenedObject,
  reading: Reading,
  { keepBytes = -1 }: ReadOrder,
): Promise<ReadBack> {
  let kept: Buffer[] = [];
  for await (const chunk of piecesOf(opened)) {
    reading.take(chunk);
    if (reading.bytes <= keepBytes) kept.push(chunk);
    else kept = [];
  }
  const { bytes, hashValue: hash } = reading;
  const read = { state: 'read', info: opened.info, hash, bytes } as const;
  return bytes <= keepBytes ? { ...read, content: Buffer.concat(kept, bytes) } : read;
}
