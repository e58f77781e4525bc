import { Refusal } from '../../http/refusal.ts';
import { repr } from './python.ts';

const trueWords = [
  true,
  'True',
  'TRUE',
  'true',
  '1',
  'ON',
  'On',
  'on',
  'YES',
  'Yes',
  'yes',
  'y',
  't',
];
const falseWords = [
  false,
  'False',
  'FALSE',
  'false',
  '0',
  'OFF',
  'Off',
  'off',
  'NO',
  'No',
  'no',
  'n',
  'f',
];
const largestInteger = 0x7fffffff;
const metadataKey = /^[a-zA-Z0-9-_:. /]{1,255}$/;

/** 400 for a value, worded as Cinder's schemas word it. */
export function invalid(name: string, value: unknown, why: string): Refusal {
  const shown = typeof value === 'string' ? value : repr(value);
  return new Refusal(400, `Invalid input for field/attribute ${name}. Value: ${shown}. ${why}`);
}

/** The object below the body's one key: `{"volume": {…}}`. */
export function input(body: unknown, key: string, allowed?: readonly string[]): Input {
  if (!isObject(body)) throw new Refusal(400, `${repr(body)} is not of type 'object'`);
  if (!(key in body)) throw new Refusal(400, `${repr(key)} is a required property`);
  return new Input(key, body[key], allowed);
}

/** The fields of one object of a request; each reader throws a 400. */
export class Input {
  readonly name: string;
  readonly fields: Readonly<Record<string, unknown>>;

  /** With `allowed`, other fields are refused. */
  constructor(name: string, value: unknown, allowed?: readonly string[]) {
    if (!isObject(value)) throw invalid(name, value, `${repr(value)} is not of type 'object'`);
    this.name = name;
    this.fields = value;
    const extra = Object.keys(value).filter((key) => allowed?.includes(key) === false);
    if (extra.length === 0) return;
    const verb = extra.length === 1 ? 'was' : 'were';
    const which = extra.map(repr).join(', ');
    throw invalid(
      name,
      value,
      `Additional properties are not allowed (${which} ${verb} unexpected)`,
    );
  }

  has(key: string): boolean {
    return this.fields[key] !== undefined;
  }

  require(key: string): this {
    if (this.has(key)) return this;
    throw invalid(this.name, this.fields, `${repr(key)} is a required property`);
  }

  /** Trimmed; null when it is null or not there. */
  text(key: string, longest = 255): string | null {
    const value = this.fields[key];
    if (value === undefined || value === null) return null;
    if (typeof value !== 'string')
      throw invalid(key, value, `${repr(value)} is not of type 'string', 'null'`);
    if (value.length > longest) throw invalid(key, value, `${repr(value)} is too long`);
    return value.trim();
  }

  /** A volume's name or description: trimmed before it is measured, and refused in other words. */
  measured(field: 'name' | 'description'): string | null {
    const text = this.text(field, Infinity) ?? this.text(`display_${field}`, Infinity);
    if (text === null || text.length <= 255) return text;
    throw new Refusal(
      400,
      `Invalid input received: ${field} has ${text.length} characters, more than 255.`,
    );
  }

  /** Descriptions of snapshots and backups: what is no printable character of the first plane is refused. */
  description(key: string): string | null {
    const text = this.text(key);
    if (text === null || /^(?:[^\p{C}\p{Zl}\p{Zp}\u{10000}-\u{10ffff}])*$/u.test(text)) return text;
    throw invalid(key, text, `${repr(text)} does not match '^[...]*$'`);
  }

  oneOf(key: string, words: readonly string[]): string | undefined {
    const value = this.fields[key];
    if (value === undefined) return undefined;
    if (typeof value === 'string' && words.includes(value)) return value;
    throw invalid(key, value, `${repr(value)} is not one of ${repr(words)}`);
  }

  flag(key: string): boolean | undefined {
    const value = this.fields[key];
    if (value === undefined) return undefined;
    if (trueWords.includes(value as string)) return true;
    if (falseWords.includes(value as string)) return false;
    throw invalid(
      key,
      value,
      `${repr(value)} is not one of ${repr([...trueWords, ...falseWords])}`,
    );
  }

  /** A size in GiB, as a number or as digits. */
  size(key: string): number | null {
    const value = this.fields[key];
    if (value === undefined || value === null) return null;
    if (typeof value === 'string' && !/^[0-9]+$/.test(value))
      throw invalid(key, value, `${repr(value)} does not match '^[0-9]+$'`);
    const size = Number(value);
    if ((typeof value !== 'string' && typeof value !== 'number') || !Number.isInteger(size))
      throw invalid(key, value, `${repr(value)} is not of type 'integer', 'string', 'null'`);
    if (size < 1) throw invalid(key, value, `${repr(value)} is less than the minimum of 1`);
    if (size > largestInteger)
      throw invalid(key, value, `${repr(value)} is greater than the maximum of ${largestInteger}`);
    return size;
  }

  uuid(key: string): string | null {
    const value = this.fields[key];
    if (value === undefined || value === null) return null;
    if (typeof value === 'string' && isUuidLike(value)) return value;
    throw invalid(key, value, `${repr(value)} is not valid under any of the given schemas`);
  }

  /** Strings by keys of up to 255 characters. */
  strings(key: string): Readonly<Record<string, string>> | null {
    const value = this.fields[key];
    if (value === undefined || value === null) return null;
    const { fields } = new Input(key, value);
    for (const [name, text] of Object.entries(fields)) {
      if (!metadataKey.test(name))
        throw invalid(
          key,
          fields,
          `${repr(name)} does not match any of the regexes: '^[a-zA-Z0-9-_:. /]{1,255}$'`,
        );
      if (typeof text !== 'string')
        throw invalid(name, text, `${repr(text)} is not of type 'string'`);
      if (text.length > 255) throw invalid(name, text, `${repr(text)} is too long`);
    }
    return fields as Readonly<Record<string, string>>;
  }
}

/** A boolean of the query: `cascade=True`. */
export function queryFlag(query: URLSearchParams, key: string): boolean {
  const value = query.get(key);
  if (value === null) return false;
  const word = value.toLowerCase();
  if (trueWords.includes(word)) return true;
  if (falseWords.includes(word)) return false;
  throw new Refusal(400, `Value '${value}' for '${key}' is not a boolean.`);
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** With or without hyphens, as oslo.utils takes them. */
export function isUuidLike(text: string): boolean {
  return /^[0-9a-f]{32}$/.test(text.toLowerCase().replaceAll('-', ''));
}

/** The action that a body names by its only key. */
export function actionOf(body: unknown): readonly [name: string, value: unknown] {
  const [entry, ...others] = isObject(body) ? Object.entries(body) : [];
  if (entry === undefined || others.length > 0) throw new Refusal(400, 'Malformed request body');
  return entry;
}

export function noSuchAction(name: string): Refusal {
  return new Refusal(
    400,
    `There is no such action: ${name}. Verify the request body and Content-Type header and try again.`,
  );
}
