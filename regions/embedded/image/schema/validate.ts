import { isObject } from './is-object.ts';
import type { JsonSchema } from './json-schema.ts';
import { pythonText } from './python-text.ts';

/** Why the value does not fit, in the words of Python's validator; undefined when it does. */
export function misfit(value: unknown, schema: JsonSchema): string | undefined {
  return (
    wrongType(value, schema) ??
    wrongChoice(value, schema) ??
    (typeof value === 'string' ? wrongText(value, schema) : undefined) ??
    (Array.isArray(value) ? wrongItem(value, schema) : undefined) ??
    (isObject(value) ? wrongProperty(value, schema) : undefined)
  );
}

const isOfType: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === 'boolean',
  null: (value) => value === null,
  array: (value) => Array.isArray(value),
  object: isObject,
};

function wrongType(value: unknown, { type }: JsonSchema): string | undefined {
  if (type === undefined) return undefined;
  const types = typeof type === 'string' ? [type] : type;
  if (types.some((each) => isOfType[each]?.(value))) return undefined;
  return `${pythonText(value)} is not of type ${types.map(pythonText).join(', ')}`;
}

function wrongChoice(value: unknown, schema: JsonSchema): string | undefined {
  if (schema.enum === undefined || schema.enum.some((choice) => choice === value)) return undefined;
  return `${pythonText(value)} is not one of ${pythonText(schema.enum)}`;
}

function wrongText(text: string, schema: JsonSchema): string | undefined {
  const { pattern, minLength = 0, maxLength = Infinity } = schema;
  const length = Array.from(text).length;
  if (length < minLength) return `${pythonText(text)} is too short`;
  if (length > maxLength) return `${pythonText(text)} is too long`;
  if (pattern !== undefined && !new RegExp(pattern).test(text))
    return `${pythonText(text)} does not match ${pythonText(pattern)}`;
  return undefined;
}

function wrongItem(list: readonly unknown[], { items }: JsonSchema): string | undefined {
  if (items === undefined) return undefined;
  for (const item of list) {
    const reason = misfit(item, items);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function wrongProperty(
  value: Readonly<Record<string, unknown>>,
  schema: JsonSchema,
): string | undefined {
  const { properties = {}, required = [], additionalProperties: others = true } = schema;
  for (const [name, inner] of Object.entries(value)) {
    const rule = Object.hasOwn(properties, name) ? properties[name] : others;
    if (rule === false)
      return `Additional properties are not allowed (${pythonText(name)} was unexpected)`;
    const reason = typeof rule === 'object' ? misfit(inner, rule) : undefined;
    if (reason !== undefined) return reason;
  }
  const missing = required.find((name) => !Object.hasOwn(value, name));
  return missing === undefined ? undefined : `${pythonText(missing)} is a required property`;
}
