import { FarshoreError } from '../kernel/errors.ts';

/** Where an answer came from, for the text of the error. */
export interface AnswerSource {
  readonly region: string;
  readonly service: string;
  /** The call, as a verb phrase: `list volumes`. */
  readonly operation: string;
}

/**
 * One JSON object of a service's answer, read field by field. A field that is missing or of a wrong
 * type throws `region.answer-malformed`, which names service, call and field, so that what other code
 * holds is what its type says and a proxy's login page is not taken for an empty list. Fields that
 * nobody reads are not looked at: a newer release may add what it likes.
 */
export class Answer {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #source: AnswerSource;
  readonly #path: string;

  constructor(value: unknown, source: AnswerSource, path = '') {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw malformed(source, path, 'an object', value);
    this.#fields = value as Readonly<Record<string, unknown>>;
    this.#source = source;
    this.#path = path;
  }

  names(): readonly string[] {
    return Object.keys(this.#fields);
  }

  /** The field as it came, `undefined` when absent. */
  raw(name: string): unknown {
    return this.#fields[name];
  }

  string(name: string): string {
    const value = this.#fields[name];
    if (typeof value !== 'string') throw this.#wrong(name, 'a string');
    return value;
  }

  /** As `string`; null and absent give the fallback. */
  stringOr<F>(name: string, fallback: F): string | F {
    return this.#isAbsent(name) ? fallback : this.string(name);
  }

  integer(name: string): number {
    const value = this.#fields[name];
    if (typeof value !== 'number' || !Number.isSafeInteger(value))
      throw this.#wrong(name, 'an integer');
    return value;
  }

  integerOr<F>(name: string, fallback: F): number | F {
    return this.#isAbsent(name) ? fallback : this.integer(name);
  }

  /** Cinder writes some of its booleans as the strings `true` and `false`. */
  boolean(name: string): boolean {
    const value = this.#fields[name];
    if (value === true || value === 'true') return true;
    if (value === false || value === 'false') return false;
    throw this.#wrong(name, 'a boolean');
  }

  booleanOr(name: string, fallback: boolean): boolean {
    return this.#isAbsent(name) ? fallback : this.boolean(name);
  }

  /**
   * RFC 3339 in UTC. Cinder writes its times without a zone, meaning UTC (`2026-11-21T08:00:00.000000`);
   * the fraction is kept, since the order of backups hangs from it.
   */
  time(name: string): string {
    const value = this.string(name);
    const zoned = /(?:Z|[+-]\d\d:?\d\d)$/.test(value) ? value : `${value}Z`;
    if (Number.isNaN(Date.parse(zoned))) throw this.#wrong(name, 'a time');
    return zoned;
  }

  timeOr<F>(name: string, fallback: F): string | F {
    return this.#isAbsent(name) ? fallback : this.time(name);
  }

  object(name: string): Answer {
    return new Answer(this.#fields[name], this.#source, this.#at(name));
  }

  objects(name: string): readonly Answer[] {
    return this.#list(name).map(
      (item, index) => new Answer(item, this.#source, `${this.#at(name)}[${index}]`),
    );
  }

  strings(name: string): readonly string[] {
    return this.#list(name).map((item) => {
      if (typeof item !== 'string') throw this.#wrong(name, 'a list of strings');
      return item;
    });
  }

  /** Absent and null give an empty map. */
  stringMap(name: string): Readonly<Record<string, string>> {
    if (this.#isAbsent(name)) return {};
    const map = this.object(name);
    return Object.fromEntries(map.names().map((key) => [key, map.string(key)]));
  }

  #list(name: string): readonly unknown[] {
    const value = this.#fields[name];
    if (!Array.isArray(value)) throw this.#wrong(name, 'a list');
    return value;
  }

  #isAbsent(name: string): boolean {
    return this.#fields[name] === undefined || this.#fields[name] === null;
  }

  #at(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`;
  }

  #wrong(name: string, expected: string): FarshoreError {
    return malformed(this.#source, this.#at(name), expected, this.#fields[name]);
  }
}

function malformed(
  source: AnswerSource,
  path: string,
  expected: string,
  value: unknown,
): FarshoreError {
  const field = path === '' ? 'the body' : `the field \`${path}\``;
  return new FarshoreError(
    `the ${source.service} service of region ${source.region} answered, but ${field} is ${kindOf(value)} where ${expected} was expected`,
    {
      code: 'region.answer-malformed',
      kind: 'permanent',
      operation: source.operation,
      subject: `${source.service} in ${source.region}`,
      hint: 'check that the endpoint in the catalogue is that service and no proxy or login page',
    },
  );
}

/** The kind and not the value: an answer may hold what must not be in a log. */
function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
