import { createHash } from 'node:crypto';
import { z } from 'zod';
import { FarshoreError } from '../../kernel/errors.ts';
import { stateFormat } from './format.ts';

export interface SnapshotEntry {
  readonly path: string;
  readonly value: unknown;
}

/** A snapshot that was read whole and found to be what was written. */
export interface Snapshot {
  /** Of the store that it was taken of. */
  readonly revision: number;
  /** RFC 3339. */
  readonly at: string;
  readonly entries: readonly SnapshotEntry[];
  readonly sha256: string;
}

/** Followed by the number of the state's format. */
export const formatName = 'farshore-state/';

const header = z.strictObject({
  format: z.string().regex(/^farshore-state\/\d+$/),
  revision: z.int().min(0),
  at: z.iso.datetime(),
});
const entry = z.strictObject({ path: z.string().regex(/^[\x21-\x7e]+$/), value: z.unknown() });
const trailer = z.strictObject({ count: z.int().min(0), sha256: z.string() });

/**
 * Reads one line of JSON each for the header, every key in ascending order, and the trailer, whose
 * checksum is that of all lines before it. Lines may come with or without their ends. Throws
 * `snapshot.altered` for anything else (cut short, changed, or not a snapshot), and `snapshot.format`
 * for a whole one of a state that this program does not read.
 */
export async function readSnapshot(lines: AsyncIterable<string>): Promise<Snapshot> {
  const sum = createHash('sha256');
  const entries: SnapshotEntry[] = [];
  let head: z.infer<typeof header> | undefined;
  let last: string | undefined;
  let number = 0;
  for await (const text of lines) {
    const line = text.replace(/\r?\n$/, '');
    // The trailer is known only by nothing coming after it.
    if (last !== undefined) {
      sum.update(`${last}\n`);
      if (head === undefined) head = parse(header, last, number);
      else entries.push(inOrder(parse(entry, last, number), entries, number));
    }
    last = line;
    number++;
  }
  if (last === undefined || head === undefined) throw altered('it ends before its last line');
  const { count, sha256 } = parse(trailer, last, number);
  if (count !== entries.length) throw altered(`it holds ${entries.length} keys of ${count}`);
  if (sum.digest('hex') !== sha256) throw altered('its checksum is another');
  const format = Number(head.format.slice(formatName.length));
  if (format !== stateFormat) throw foreign(format);
  return { revision: head.revision, at: head.at, entries, sha256 };
}

function inOrder(
  entry: { readonly path: string; readonly value?: unknown },
  before: readonly SnapshotEntry[],
  number: number,
): SnapshotEntry {
  const last = before.at(-1);
  if (entry.value === undefined) throw altered(`line ${number} has no value`);
  if (last !== undefined && last.path >= entry.path)
    throw altered(`line ${number} is out of order`);
  return { path: entry.path, value: entry.value };
}

function parse<T>(schema: z.ZodType<T>, line: string, number: number): T {
  let content: unknown;
  try {
    content = JSON.parse(line);
  } catch (cause) {
    throw altered(`line ${number} is not JSON`, cause);
  }
  const parsed = schema.safeParse(content);
  if (!parsed.success) throw altered(`line ${number} is not what stands there`, parsed.error);
  return parsed.data;
}

function foreign(format: number): FarshoreError {
  return new FarshoreError(
    `it holds a state of format ${format}; this farshore uses format ${stateFormat}`,
    {
      code: 'snapshot.format',
      kind: 'permanent',
      operation: 'read snapshot',
      hint:
        format > stateFormat
          ? 'upgrade farshore here; nothing was changed'
          : 'the version that wrote it reads it; nothing was changed',
    },
  );
}

function altered(message: string, cause?: unknown): FarshoreError {
  return new FarshoreError(`not a whole snapshot of the state: ${message}`, {
    code: 'snapshot.altered',
    kind: 'permanent',
    operation: 'read snapshot',
    hint: 'take another copy of it, or the snapshot before',
    cause,
  });
}
