import fc from 'fast-check';
import { type Framing, framings } from './framing.ts';
import type { RawRequest } from './raw-request.ts';
import { spoils } from './spoil.ts';
import type { Things } from './things.ts';
import type { Vocabulary } from './vocabulary.ts';

/** A request to be, once it is known what there is to name in it. */
export type Plan = (things: Things, token: string) => RawRequest;

const oddTexts = [
  ...['', '..', '.', '%', '%zz', '%00', '%2F', '%2f..', '%ff', '%E2%82', '€'.repeat(3), '*'],
  ...['a'.repeat(300), 'a'.repeat(1_100), '0', '-1', '1e999', 'null', '[]', '{}', "'", '"', '\\'],
  ...['<b>', ' ', 'none', 'True', '2026-13-45T99:00:00Z', '18446744073709551616', 'gt:1', 'in:"'],
  ...['bytes=9-1', 'bytes=-0', 'bytes=x', 'bytes=0-0,1-1,2-', 'gAAAAAxyz', 'text/html;q=x', ';,='],
];

const anyText = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...oddTexts) },
  { weight: 1, arbitrary: fc.string({ maxLength: 20 }) },
);

/** Mostly the first. */
function mostly<T>(usual: T, other: fc.Arbitrary<T>, oneIn: number): fc.Arbitrary<T> {
  return fc.oneof(
    { weight: oneIn - 1, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: other },
  );
}

type Pair = readonly [name: string, value: string];

function pairs(words: Vocabulary['queries']): fc.Arbitrary<readonly Pair[]> {
  const pair = fc
    .tuple(fc.constantFrom(...words), fc.nat(), mostly<string | undefined>(undefined, anyText, 3))
    .map(([[name, ...values], at, odd]): Pair => [name, odd ?? values[at % values.length] ?? '']);
  return mostly<readonly Pair[]>([], fc.array(pair, { minLength: 1, maxLength: 3 }), 3);
}

const framing = fc.constantFrom<Framing>(
  ...Array.from({ length: 60 }, () => 'length' as const),
  ...(['chunks', 'chunks', 'chunks', 'none', 'tooShort', 'tooLong', 'endless'] as const),
  ...(['badChunk', 'huge', 'absurd'] as const),
);

type Body = (own: object | Buffer | undefined) => Buffer;

const deep = Buffer.from(`${'['.repeat(5_000)}${']'.repeat(5_000)}`);

const bodies: fc.Arbitrary<Body> = fc.oneof(
  { weight: 16, arbitrary: fc.constant<Body>(bytesOf) },
  {
    weight: 12,
    arbitrary: spoils.map(
      (spoil): Body =>
        (own) =>
          own === undefined || Buffer.isBuffer(own) ? bytesOf(own) : bytesOf(spoil(own)),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.nat().map((at): Body => (own) => {
      const bytes = bytesOf(own);
      return bytes.subarray(0, at % (bytes.length + 1));
    }),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.nat(), fc.nat(255)).map(([at, byte]): Body => (own) => {
      const bytes = Buffer.from(bytesOf(own));
      if (bytes.length > 0) bytes[at % bytes.length] = byte;
      return bytes;
    }),
  },
  {
    weight: 1,
    arbitrary: fc.uint8Array({ maxLength: 200 }).map(
      (bytes): Body =>
        () =>
          Buffer.from(bytes),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.json({ maxDepth: 3 }).map(
      (text): Body =>
        () =>
          Buffer.from(text),
    ),
  },
  { weight: 1, arbitrary: fc.constant<Body>(() => deep) },
);

/** As JSON; a `backup_url` that is an object as the base64 of it, which Cinder wants. */
function bytesOf(value: unknown): Buffer {
  if (Buffer.isBuffer(value)) return value;
  if (value === undefined) return Buffer.alloc(0);
  const text = JSON.stringify(value, (key, inner: unknown) =>
    key === 'backup_url' && typeof inner === 'object'
      ? Buffer.from(JSON.stringify(inner)).toString('base64')
      : inner,
  );
  return Buffer.from(text);
}

/** Near what the service expects: an operation of it with a few of its parts wrong. */
export function plans(words: Vocabulary): fc.Arbitrary<Plan> {
  return fc
    .record({
      operation: fc.constantFrom(...words.operations),
      other: mostly<number | undefined>(undefined, fc.nat(), 20),
      at: fc.nat(),
      method: mostly<string | undefined>(
        undefined,
        fc.constantFrom('GET', 'PUT', 'POST', 'HEAD', 'PATCH', 'COPY', 'OPTIONS', 'TRACE'),
        20,
      ),
      part: mostly<string | undefined>(undefined, anyText, 12),
      tail: mostly<string | undefined>(undefined, anyText, 20),
      query: pairs(words.queries),
      headers: pairs(words.headers),
      type: mostly<string | undefined>(
        undefined,
        fc.constantFrom('', 'text/plain', 'application/json;charset=x', 'application/octet-stream'),
        15,
      ),
      token: mostly<string | undefined>(undefined, fc.oneof(anyText, fc.constant('{token}')), 20),
      body: bodies,
      framing,
    })
    .map((plan): Plan => (things, token) => {
      const [line, ownBody, ownHeaders = {}] = plan.operation;
      const [method = '', template = ''] = line.split(' ');
      const body =
        plan.other === undefined
          ? ownBody
          : words.operations[plan.other % words.operations.length]?.[1];
      const fill = (text: string): string => things.filled(text, plan.at);
      const path = withPart(template, plan.part, plan.at);
      const queried = plan.query.map(([name, value]) => `${name}=${things.filled(value, plan.at)}`);
      const hasBody = body !== undefined || plan.framing !== 'length';
      const given = plan.body(filledIn(body, things, plan.at));
      const framed = hasBody ? framings[plan.framing](given) : framings.none();
      const own = {
        'Content-Type': 'application/json',
        ...(JSON.parse(fill(JSON.stringify(ownHeaders))) as Record<string, string>),
      };
      return {
        ...framed,
        method: plan.method ?? method,
        target: visible(
          [fill(path), ...(plan.tail === undefined ? [] : [plan.tail])].join('/') +
            (queried.length === 0 ? '' : `${path.includes('?') ? '&' : '?'}${queried.join('&')}`),
        ),
        headers: [
          ['X-Auth-Token', onOneLine(things.filled(plan.token ?? token, plan.at))],
          ...Object.entries(plan.type === undefined ? own : { ...own, 'Content-Type': plan.type }),
          ...plan.headers.map(
            ([name, value]) => [name, onOneLine(things.filled(value, plan.at))] as const,
          ),
          ...framed.headers,
        ],
      };
    });
}

/** One of the parts of a path that name things replaced by a text. */
function withPart(path: string, part: string | undefined, at: number): string {
  if (part === undefined) return path;
  const places = [...path.matchAll(/\{-?\w+\}/g)];
  const place = places[at % places.length];
  if (place === undefined) return path;
  return path.slice(0, place.index) + part + path.slice(place.index + place[0].length);
}

/** With the names of things in its texts. */
function filledIn(
  body: object | Buffer | undefined,
  things: Things,
  at: number,
): object | Buffer | undefined {
  if (body === undefined || Buffer.isBuffer(body)) return body;
  return JSON.parse(things.filled(JSON.stringify(body), at)) as object;
}

/** As a target is sent: a space would end it. */
function visible(text: string): string {
  return onOneLine(text).replaceAll(/[ \0]/g, '_');
}

/** A line's end would make it another request; UTF-8's bytes as the wire has them. */
function onOneLine(text: string): string {
  return Buffer.from(text, 'utf8')
    .toString('latin1')
    .replaceAll(/[\r\n]/g, '_');
}
