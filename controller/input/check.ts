import { z } from 'zod';
import type { Fault } from './fault.ts';
import { nearest } from '../../kernel/nearest.ts';

type Path = readonly PropertyKey[];
type Issue = z.core.$ZodIssue;

/** A fault with its path in parts, so that its line in a file can be found. */
export interface Found extends Fault {
  readonly at: Path;
}

export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly faults: readonly Found[] };

/** Checks what a user wrote against a strict schema; every fault at once, in the user's words. */
export function check<S extends z.ZodType>(schema: S, input: unknown): Checked<z.output<S>> {
  const result = schema.safeParse(input);
  if (result.success) return { ok: true, value: result.data };
  const { issues } = result.error;
  // A misspelt field is one fault, not also that the right one is missing among its siblings.
  const misspelt = new Set(
    issues.filter(({ code }) => code === 'unrecognized_keys').map(({ path }) => formatPath(path)),
  );
  const told = issues.filter(
    ({ code, path }) => code !== 'custom' || !misspelt.has(formatPath(path)),
  );
  return { ok: false, faults: told.flatMap((issue) => faultsOf(issue, schema, input)) };
}

function formatPath(path: Path): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === 'number'
        ? `${text}[${part}]`
        : text === ''
          ? String(part)
          : `${text}.${String(part)}`,
    '',
  );
}

function faultsOf(issue: Issue, schema: z.ZodType, input: unknown): readonly Found[] {
  if (issue.code === 'unrecognized_keys') {
    const known = fieldsAt(schema, issue.path);
    return issue.keys.map((key) => {
      const near = nearest(key, known);
      const hint = near === null ? `known are ${known.join(', ')}` : `did you mean ${near}?`;
      return found([...issue.path, key], `unknown field; ${hint}`);
    });
  }
  const value = valueAt(input, issue.path);
  if (value === undefined && issue.code === 'invalid_type')
    return [found(issue.path, `is missing, expected ${kinds[issue.expected] ?? issue.expected}`)];
  const expected = expectation(issue);
  return [found(issue.path, `${expected}${describeValue(issue.path, value)}`)];
}

function found(at: Path, message: string): Found {
  return { at, path: formatPath(at), message };
}

const kinds: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'fields',
  record: 'fields',
};

function expectation(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${kinds[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `expected ${issue.values.map(String).join(' or ')}`;
    case 'too_small':
      return `expected ${bound(issue.origin, issue.minimum, 'at least')}`;
    case 'too_big':
      return `expected ${bound(issue.origin, issue.maximum, 'at most')}`;
    case 'invalid_key':
      return issue.issues[0]?.message ?? issue.message;
    // Schemas word these themselves.
    case 'custom':
    case 'invalid_format':
    case 'invalid_element':
    case 'invalid_union':
    case 'not_multiple_of':
    case 'unrecognized_keys':
      return issue.message;
  }
}

function bound(origin: string, limit: number | bigint, side: string): string {
  const unit = origin === 'string' ? ' characters' : origin === 'array' ? ' entries' : '';
  return `${side} ${String(limit)}${unit}`;
}

/** Shown only where it cannot be a secret; what a schema refuses as a whole is not repeated. */
function describeValue(path: Path, value: unknown): string {
  if (value === undefined || (typeof value === 'object' && value !== null)) return '';
  if (/pass|secret|token|key|auth/i.test(formatPath(path))) return '';
  const text = JSON.stringify(value);
  return `, found ${text.length > 80 ? `${text.slice(0, 80)}…` : text}`;
}

function valueAt(input: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null
        ? (value as Readonly<Record<PropertyKey, unknown>>)[part]
        : undefined,
    input,
  );
}

/** Names of the fields that the schema knows at the path. */
function fieldsAt(schema: z.ZodType, path: Path): readonly string[] {
  let at: unknown = unwrapped(schema);
  for (const part of path) {
    if (at instanceof z.ZodObject) at = unwrapped((at.shape as Record<PropertyKey, unknown>)[part]);
    else if (at instanceof z.ZodRecord) at = unwrapped(at.valueType);
    else if (at instanceof z.ZodArray) at = unwrapped(at.element);
    else return [];
  }
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}

function unwrapped(schema: unknown): unknown {
  let at = schema;
  while (
    at instanceof z.ZodOptional ||
    at instanceof z.ZodExactOptional ||
    at instanceof z.ZodDefault ||
    at instanceof z.ZodPrefault
  )
    at = at.unwrap();
  return at;
}
