import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDocument, visit } from 'yaml';
import { FarshoreError } from '../../kernel/errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;
export type Entries = Readonly<Record<string, unknown>>;

export interface CloudsDocument {
  readonly file: string;
  /** What stands under `clouds` (`public-clouds`); a scalar is a text as it was written, or null. */
  readonly clouds: Entries;
}

/** The first of the places that holds the document. A file that was named must be there. */
export async function findDocument(
  stem: 'clouds' | 'clouds-public' | 'secure',
  named: string | undefined,
  folders: readonly string[],
): Promise<CloudsDocument | undefined> {
  const places = folders.flatMap((folder) =>
    ['yaml', 'yml', 'json'].map((ending) => join(folder, `${stem}.${ending}`)),
  );
  for (const file of named === undefined ? places : [named]) {
    const text = await readIfThere(file, named !== undefined);
    if (text === undefined) continue;
    const key = stem === 'clouds-public' ? 'public-clouds' : 'clouds';
    return { file, clouds: parseClouds(file, text, key) };
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

/** YAML's null where it is not in quotes: what is not given. */
const nulls: ReadonlySet<unknown> = new Set(['', '~', 'null', 'Null', 'NULL']);

/**
 * Scalars stay texts (the failsafe schema), so that a password like `0123` or `no` is not changed;
 * only null is one.
 */
function parseClouds(file: string, text: string, key: string): Entries {
  const document = parseDocument(text, { schema: 'failsafe', merge: true, prettyErrors: true });
  const [fault] = document.errors;
  if (fault !== undefined) {
    // Not the parser's message: it quotes the line, which may hold a password.
    const line = fault.linePos?.[0].line;
    const where = line === undefined ? '' : ` at line ${line}`;
    throw unreadable(file, `is not valid YAML${where} (${fault.code})`, 'correct the file');
  }
  visit(document, {
    Scalar: (role, node) => {
      if (role !== 'key' && node.type === 'PLAIN' && nulls.has(node.value)) node.value = null;
    },
  });
  const content: unknown = document.toJS();
  const clouds = isMap(content) ? content[key] : undefined;
  if (clouds === undefined || clouds === null) return {};
  if (!isMap(clouds)) throw unreadable(file, `holds no map under '${key}'`, 'correct the file');
  return clouds;
}

/** `over` wins where it is not null; maps are merged at every depth. */
export function merged(base: Entries, over: Entries): Entries {
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = result[key];
    if (value === null && below !== undefined) continue;
    result[key] = isMap(below) && isMap(value) ? merged(below, value) : value;
  }
  return result;
}

export function isMap(value: unknown): value is Record<string, unknown> {
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
