import Table from 'cli-table3';
import { stringify } from 'yaml';

export type OutputFormat = 'table' | 'json' | 'yaml';

export interface Column<T> {
  readonly title: string;
  readonly value: (item: T) => string;
}

/** Prints data on stdout in the form that was asked for; `table` is for people, the others hold everything. */
export function print<T>(
  format: OutputFormat,
  data: unknown,
  items: readonly T[],
  columns: readonly Column<T>[],
): void {
  if (printData(format, data)) return;
  if (items.length === 0) {
    process.stdout.write('none\n');
    return;
  }
  const table = new Table({
    head: columns.map((column) => column.title),
    style: { head: [], border: [], compact: true },
    chars: plainBorders,
  });
  for (const item of items) table.push(columns.map((column) => column.value(item)));
  process.stdout.write(`${trimLines(table.toString())}\n`);
}

/** True when it was printed as data. */
export function printData(format: OutputFormat, data: unknown): boolean {
  if (format === 'json') process.stdout.write(`${JSON.stringify(data, null, 2)}\n`);
  if (format === 'yaml') process.stdout.write(stringify(data));
  return format !== 'table';
}

function trimLines(text: string): string {
  return text.replaceAll(/[ \t]+$/gm, '');
}

const plainBorders = Object.fromEntries(
  [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
    'left',
    'left-mid',
    'mid',
    'mid-mid',
    'right',
    'right-mid',
  ].map((name) => [name, '']),
);
plainBorders['middle'] = '  ';
