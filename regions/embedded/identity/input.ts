import { z } from 'zod';
import { type Call, header, parsedJson, wholeBody } from '../http/call.ts';
import { Refusal } from '../http/refusal.ts';
import { malformed } from './refusals.ts';

/** Keystone's own limit. */
const longestBodyBytes = 114_688;

export const idText = z
  .string()
  .max(64)
  .regex(/^[a-zA-Z0-9-]+$/);

export function nameText(longest: number) {
  return z.string().max(longest).regex(/\S/);
}

/** The JSON object of a request, empty when it has no body. Throws a Refusal. */
export async function documentOf(call: Call): Promise<unknown> {
  const text = (await wholeBody(call, longestBodyBytes)).toString('utf8');
  if (text === '') return {};
  if (!/^application\/(\w+\+)?json\b/.test(header(call, 'content-type') ?? ''))
    throw malformed('application/json', 'Content-Type header');
  try {
    const document = parsedJson(text);
    if (z.record(z.string(), z.unknown()).safeParse(document).success) return document;
  } catch {
    // Refused below, as a document that is no object is.
  }
  throw malformed('valid JSON', 'request body');
}

/** `document[name]` in the schema's shape; `{}` when it isn't there, so that what it lacks is told. */
export function inputOf<T>(document: unknown, name: string, schema: z.ZodType<T>): T {
  return checked((document as Record<string, unknown>)[name] ?? {}, schema);
}

/** Throws a Refusal of 400 that names the first field that is wrong. */
export function checked<T>(value: unknown, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.map(String) ?? [];
  if (issue?.code === 'invalid_type' && path.length > 0 && isMissing(value, path))
    throw new Refusal(400, `'${path.at(-1) ?? ''}' is a required property`);
  throw new Refusal(400, `Invalid input for field '${path.join('/')}': ${issue?.message ?? ''}`);
}

function isMissing(value: unknown, path: readonly string[]): boolean {
  const at = path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null
        ? (inner as Record<string, unknown>)[key]
        : undefined,
    value,
  );
  return at === undefined;
}
