import fc from 'fast-check';

type Place = readonly (string | number)[];

/** What a field is not expected to hold. */
const oddValues: readonly unknown[] = [
  ...[null, true, false, 0, 1, -1, 1.5, 3, 1e300, 2 ** 31, 2 ** 53, Number.MAX_VALUE],
  ...['', ' ', '0', '1', '-1', 'true', 'None', '..', 'a'.repeat(256), 'a'.repeat(70_000)],
  ...['\0', '\ud800', '€'.repeat(100), 'a/b', '%s', '__proto__', 'constructor', '1e999'],
  ...['2026-13-45T99:00:00Z', '00000000-0000-0000-0000-000000000000', 'error', 'deleted'],
  ...[[], {}, [null], [[]], [''], { '': '' }, { id: 'x' }, { id: null }, { name: 'x' }],
  JSON.parse('{"__proto__":{"a":1},"constructor":"x"}'),
];

export type Spoil = (document: object) => unknown;

/** Changes of one place of a document: another value, none, another name, or something beside it. */
export const spoils: fc.Arbitrary<Spoil> = fc
  .tuple(
    fc.nat(),
    fc.oneof(fc.constantFrom(...oddValues), fc.jsonValue({ maxDepth: 2 })),
    fc.constantFrom('replace', 'replace', 'replace', 'replace', 'remove', 'rename', 'add'),
  )
  .map(([at, value, how]) => (document: object) => {
    const places = placesOf(document);
    return changed(document, places[at % places.length] ?? [], how, value);
  });

/** The ways to every value in a document, the document itself among them. */
function placesOf(value: unknown, way: Place = []): readonly Place[] {
  if (typeof value !== 'object' || value === null) return [way];
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return [
    way,
    ...entries.flatMap(([key, inner]: [string | number, unknown]) =>
      placesOf(inner, [...way, key]),
    ),
  ];
}

function changed(document: object, place: Place, how: string, value: unknown): unknown {
  const key = place.at(-1);
  if (key === undefined) return how === 'add' ? { ...document, odd: value } : value;
  const copy = structuredClone(document);
  let holder = copy as Record<string | number, unknown>;
  for (const step of place.slice(0, -1)) holder = holder[step] as typeof holder;
  const old = holder[key];
  if (how === 'add' && typeof old === 'object' && old !== null)
    holder[key] = { ...old, odd: value };
  else if (how === 'remove' || how === 'rename') Reflect.deleteProperty(holder, key);
  else holder[key] = value;
  if (how === 'rename') holder[`${key}x`] = old;
  return copy;
}
