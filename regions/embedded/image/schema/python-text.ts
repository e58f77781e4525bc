import { isObject } from './is-object.ts';

const constants: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [null, 'None'],
  [undefined, 'None'],
  [true, 'True'],
  [false, 'False'],
]);

/** A JSON value as Python shows it: Glance's messages quote what they refuse this way. */
export function pythonText(value: unknown): string {
  const constant = constants.get(value);
  if (constant !== undefined) return constant;
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) return `[${value.map(pythonText).join(', ')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const entries = Object.entries(value);
  return `{${entries.map(([name, inner]) => `${quoted(name)}: ${pythonText(inner)}`).join(', ')}}`;
}

function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const inner = text
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
    .replaceAll(quote, `\\${quote}`);
  return quote + inner + quote;
}
