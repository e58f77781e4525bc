import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { FarshoreError } from '../../kernel/errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;
type Entries = Readonly<Record<string, unknown>>;

export interface CloudsDocument {
  readonly file: string;
  /** What stands under `clouds`; every scalar is a text, as it was written. */
  readonly clouds: Entries;
}

/** The first of the places that holds the document. A file that was named must be there. */
export async function findDocument(
  stem: 'clouds' | 'secure',
  named: string | undefined,
  folders: readonly string[],
): Promise<CloudsDocument | undefined> {
  const places = folders.flatMap((folder) =>
    ['yaml', 'yml', 'json'].map((ending) => join(folder, `${stem}.${ending}`)),
  );
  for (const file of named === undefined ? places : [named]) {
    const text = await readIfThere(file, named !== undefined);
    if (text !== undefined) return { file, clouds: parseClouds(file, text) };
  }
  return undefined;
}

async function readIfThere(file: string, mustExist: boolean): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (!mustExist && (code === 'ENOENT' || code === 'ENOTDIR')) return undefined;
    throw unreadable(
      file,
      `cannot be read (${String(code)})`,
      'check that it exists and its rights',
    );
  }
}

/** Scalars stay texts (the failsafe schema), so that a password like `0123` or `no` is not changed. */
function parseClouds(file: string, text: string): Entries {
  const document = parseDocument(text, { schema: 'failsafe', merge: true, prettyErrors: true });
  const [fault] = document.errors;
  if (fault !== undefined) {
    // Not the parser's message: it quotes the line, which may hold a password.
    const line = fault.linePos?.[0].line;
    const where = line === undefined ? '' : ` at line ${line}`;
    throw unreadable(file, `is not valid YAML${where} (${fault.code})`, 'correct the file');
  }
  const content: unknown = document.toJS();
  const clouds = isMap(content) ? content.clouds : undefined;
  if (clouds === undefined || clouds === '') return {};
  if (!isMap(clouds)) throw unreadable(file, "holds no map under 'clouds'", 'correct the file');
  return clouds;
}

/** `over` wins; maps are merged at every depth. */
export function merged(base: Entries, over: Entries): Entries {
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = result[key];
    result[key] = isMap(below) && isMap(value) ? merged(below, value) : value;
  }
  return result;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unreadable(file: string, what: string, hint: string): FarshoreError {
  return new FarshoreError(`${file} ${what}`, {
    code: 'config.clouds-unreadable',
    kind: 'permanent',
    operation: 'read clouds',
    subject: file,
    hint,
  });
}
