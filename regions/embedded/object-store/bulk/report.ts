import { STATUS_CODES } from 'node:http';

export type ReportFormat = 'text/plain' | 'application/json' | 'application/xml' | 'text/xml';

const formats: readonly ReportFormat[] = [
  'text/plain',
  'application/json',
  'application/xml',
  'text/xml',
];

/** Where Swift's own words differ from Node's. */
const reasons = new Map([
  [413, 'Request Entity Too Large'],
  [416, 'Requested Range Not Satisfiable'],
  [499, 'Client Disconnect'],
  [500, 'Internal Error'],
]);

/** `404 Not Found` */
export function statusLine(status: number): string {
  return `${status} ${reasons.get(status) ?? STATUS_CODES[status] ?? ''}`;
}

/** The first of ours that the client likes best; undefined: it likes none, or is not understood. */
export function reportFormat(accept = '*/*'): ReportFormat | undefined {
  const wanted = accept
    .split(',')
    .map((item) => {
      const [type = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase());
      const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? '1';
      return { type, weight: Number(weight) };
    })
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight);
  for (const { type } of wanted) {
    const found = formats.find(
      (format) => type === format || type === '*/*' || type === `${format.split('/')[0]}/*`,
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A name and what went wrong with it. */
export type Problem = readonly [name: string, status: string];

/** The outcome of many small requests; in text and XML the results are sorted by name. */
export function report(
  format: ReportFormat | undefined,
  results: Readonly<Record<string, string | number>>,
  problems: readonly Problem[],
  root: 'upload' | 'delete' | 'extract',
): string {
  if (format === 'application/json') return JSON.stringify({ ...results, Errors: problems });
  const sorted = Object.entries(results).sort(([a], [b]) => (a < b ? -1 : 1));
  if (format === undefined || format === 'text/plain')
    return [
      ...sorted.map(([name, value]) => `${name}: ${value}\n`),
      'Errors:\n',
      ...problems.map(([name, status]) => `${name}, ${status}\n`),
    ].join('');
  return [
    `<${root}>\n`,
    ...sorted.map(([name, value]) => {
      const tag = name.replaceAll(' ', '_').toLowerCase();
      return `<${tag}>${escaped(String(value))}</${tag}>\n`;
    }),
    '<errors>\n',
    ...problems.map(
      ([name, status]) =>
        `<object><name>${escaped(name)}</name><status>${escaped(status)}</status></object>\n`,
    ),
    `</errors>\n</${root}>\n`,
  ].join('');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
