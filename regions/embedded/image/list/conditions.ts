import type { ImageRow } from '../records/image-row.ts';
import { badRequest } from '../replies/image-refusal.ts';
import { parseTime } from './times.ts';
import { splitValues } from './value-list.ts';

export type Condition = (row: ImageRow) => boolean;

/** What a list's filters ask of an image. Throws a refusal of 400. */
export function conditionsOf(
  filters: Readonly<Record<string, string>>,
  tags: readonly string[],
): readonly Condition[] {
  const { os_hidden: hidden = 'false', protected: isProtected, ...rest } = filters;
  const isHidden = flag('os_hidden', hidden.toLowerCase());
  const conditions = Object.entries(rest)
    .filter(([name]) => name !== 'deleted')
    .map(([name, value]) => condition(name, value));
  conditions.push((row) => row.os_hidden === isHidden);
  conditions.push((row) => tags.every((tag) => row.tags.includes(tag)));
  if (isProtected !== undefined) {
    const wished = flag('protected', isProtected);
    conditions.push((row) => row.protected === wished);
  }
  return conditions;
}

function flag(name: string, value: string): boolean {
  if (value === 'true' || value === 'false') return value === 'true';
  throw badRequest(
    `Invalid value '${value}' for '${name}' filter. Valid values are 'true' or 'false'.`,
  );
}

type Named = 'id' | 'name' | 'status' | 'container_format' | 'disk_format';
type Counted = 'size' | 'virtual_size' | 'min_disk' | 'min_ram';
type Timed = 'created_at' | 'updated_at';
type Plain = 'owner' | 'checksum' | 'os_hash_algo' | 'os_hash_value';

const named: ReadonlySet<string> = new Set<Named>([
  'id',
  'name',
  'status',
  'container_format',
  'disk_format',
]);
const counted: ReadonlySet<string> = new Set<Counted>([
  'size',
  'virtual_size',
  'min_disk',
  'min_ram',
]);
const timed: ReadonlySet<string> = new Set<Timed>(['created_at', 'updated_at']);
const plain: ReadonlySet<string> = new Set<Plain>([
  'owner',
  'checksum',
  'os_hash_algo',
  'os_hash_value',
]);

function condition(name: string, value: string): Condition {
  const bound = /^(.*)_(min|max)$/s.exec(name);
  if (bound) return bounded(bound[1] ?? '', bound[2] === 'min', value);
  if (timed.has(name)) return atTime(name as Timed, value);
  if (named.has(name)) return oneOf(name as Named, value);
  if (counted.has(name)) return (row) => String(row[name as Counted]) === value;
  if (plain.has(name)) return (row) => row[name as Plain] === value;
  return (row) => Object.hasOwn(row.properties, name) && row.properties[name] === value;
}

function bounded(name: string, isLeast: boolean, value: string): Condition {
  if (!/^\s*[+-]?\d+(_\d+)*\s*$/.test(value))
    throw badRequest('Unable to filter on a range with a non-numeric value.');
  if (!counted.has(name)) throw badRequest('Unable to filter using the specified range.');
  const bound = Number(value.replaceAll('_', ''));
  return (row) => {
    const held = row[name as Counted];
    return held !== null && (isLeast ? held >= bound : held <= bound);
  };
}

const comparisons: ReadonlyMap<string, (held: number, bound: number) => boolean> = new Map([
  ['gt', (held, bound) => held > bound],
  ['gte', (held, bound) => held >= bound],
  ['lt', (held, bound) => held < bound],
  ['lte', (held, bound) => held <= bound],
  ['neq', (held, bound) => held !== bound],
  ['eq', (held, bound) => held === bound],
]);

function atTime(name: Timed, expression: string): Condition {
  const { operator, value } = split(expression);
  const bound = parseTime(value);
  if (bound === undefined)
    throw badRequest(`Bad "${name}" query filter format. Use ISO 8601 DateTime notation.`);
  const compare = comparisons.get(operator);
  if (compare === undefined) throw badRequest('Unable to filter on a unknown operator.');
  return (row) => compare(Date.parse(row[name]), bound);
}

function oneOf(name: Named, expression: string): Condition {
  const { operator, value } = split(expression);
  if (operator !== 'in' && operator !== 'eq')
    throw badRequest(`Unable to filter by unknown operator '${operator}'.`);
  const wished: ReadonlySet<string | null> = new Set(
    operator === 'in' ? splitValues(value) : [value],
  );
  return (row) => row[name] !== null && wished.has(row[name]);
}

/** `gt:2026-01-01`; a time has colons of its own. */
function split(expression: string): { readonly operator: string; readonly value: string } {
  const at = expression.indexOf(':');
  if (at < 0 || parseTime(expression) !== undefined) return { operator: 'eq', value: expression };
  return { operator: expression.slice(0, at), value: expression.slice(at + 1) };
}
