import fc from 'fast-check';
import type { RawRequest } from './raw-request.ts';

/** What requests to one service are made of. */
export interface Vocabulary {
  /** Paths with `{…}` where a name or id goes. */
  readonly paths: readonly string[];
  /** Names and ids of what exists. */
  readonly known: readonly string[];
  readonly methods: readonly string[];
  readonly queries: readonly string[];
  readonly headers: readonly string[];
  readonly contentTypes: readonly string[];
  /** Documents that the service would take, to be spoiled. */
  readonly documents: readonly object[];
}

const oddTexts = [
  '',
  '..',
  '.',
  '%',
  '%zz',
  '%00',
  '%2F',
  '%ff',
  '%E2%82',
  '€'.repeat(3),
  'a'.repeat(300),
  '0',
  '-1',
  '1e999',
  'null',
  '[]',
  '{}',
  '*',
  "'",
  '"',
  '\\',
  '<b>',
  ' ',
  '2026-13-45T99:00:00Z',
  '18446744073709551616',
  'bytes=9-1',
  'bytes=-0',
  'bytes=x',
  'gAAAAAxyz',
];

const anyText = fc.oneof(
  fc.constantFrom(...oddTexts),
  fc.string({ maxLength: 20 }).map((text) => text.replaceAll(/[\r\n ]/g, '_')),
);

/** Seldom what the service expects, often near it. */
export function requests(words: Vocabulary, token: string): fc.Arbitrary<RawRequest> {
  const piece = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...words.known) },
    { weight: 1, arbitrary: anyText },
  );
  const path = fc
    .tuple(
      fc.constantFrom(...words.paths),
      fc.array(piece, { minLength: 4, maxLength: 4 }),
      fc.option(anyText),
    )
    .map(([template, pieces, tail]) => {
      let next = 0;
      const filled = template.replaceAll(/\{\w+\}/g, () => pieces[next++ % pieces.length] ?? '');
      return tail === null ? filled : `${filled}/${tail}`;
    });
  const query = fc
    .array(fc.tuple(fc.constantFrom(...words.queries), fc.oneof(anyText, piece)), { maxLength: 3 })
    .map((pairs) =>
      pairs.length === 0 ? '' : `?${pairs.map((pair) => pair.join('=')).join('&')}`,
    );
  const headers = fc.array(fc.tuple(fc.constantFrom(...words.headers), fc.oneof(anyText, piece)), {
    maxLength: 3,
  });
  return fc
    .record({
      method: fc.oneof(
        { weight: 9, arbitrary: fc.constantFrom(...words.methods) },
        { weight: 1, arbitrary: fc.constantFrom('PROPFIND', 'TRACE', 'PATCH', 'OPTIONS') },
      ),
      path,
      query,
      headers,
      body: bodies(words.documents),
      type: fc.constantFrom(...words.contentTypes),
      isKnown: fc.integer({ min: 0, max: 9 }),
      length: fc.constantFrom('true', 'true', 'true', 'true', 'chunked', 'none'),
    })
    .map(({ method, path, query, headers, body, type, isKnown, length }) => ({
      method,
      target: visible(`${path}${query}`),
      headers: [
        ...(isKnown > 0 ? [['X-Auth-Token', token] as const] : []),
        ['Content-Type', type] as const,
        ...headers.map(([name, value]) => [name, visible(value)] as const),
        ...(length === 'true' ? [['Content-Length', String(body.length)] as const] : []),
        ...(length === 'chunked' ? [['Transfer-Encoding', 'chunked'] as const] : []),
      ],
      body: length === 'chunked' ? chunked(body) : length === 'none' ? Buffer.alloc(0) : body,
    }));
}

function bodies(documents: readonly object[]): fc.Arbitrary<Buffer> {
  const spoiled = fc
    .tuple(
      fc.constantFrom(...documents),
      fc.integer({ min: 0, max: 3 }),
      fc.nat(),
      fc.jsonValue({ maxDepth: 2 }),
    )
    .map(([document, how, at, value]) => spoil(document, how, at, value));
  return fc.oneof(
    { weight: 6, arbitrary: spoiled },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
    { weight: 1, arbitrary: fc.json({ maxDepth: 3 }).map((text) => Buffer.from(text)) },
    { weight: 1, arbitrary: fc.constant(Buffer.alloc(0)) },
    { weight: 1, arbitrary: fc.constant(Buffer.from(`${'['.repeat(5_000)}${']'.repeat(5_000)}`)) },
  );
}

/** The document as it is, cut short, or with one of its values replaced. */
function spoil(document: object, how: number, at: number, value: unknown): Buffer {
  const text = JSON.stringify(document);
  if (how === 0) return Buffer.from(text);
  if (how === 1) return Buffer.from(text.slice(0, at % text.length));
  const leaves = (text.match(/"[^"]*"(?!:)|\b\d+\b|true|false|null/g) ?? []).length;
  let index = 0;
  return Buffer.from(
    text.replaceAll(/"[^"]*"(?!:)|\b\d+\b|true|false|null/g, (leaf) =>
      index++ === at % Math.max(leaves, 1) ? JSON.stringify(value) : leaf,
    ),
  );
}

function chunked(body: Buffer): Buffer {
  const head = Buffer.from(`${body.length.toString(16)}\r\n`);
  const end = Buffer.from('0\r\n\r\n');
  return body.length === 0 ? end : Buffer.concat([head, body, Buffer.from('\r\n'), end]);
}

/** Line ends and spaces would make it another request. */
function visible(text: string): string {
  return Buffer.from(text, 'utf8')
    .toString('latin1')
    .replaceAll(/[\r\n \0]/g, '_');
}
