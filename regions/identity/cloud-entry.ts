import { type Entries, isMap, merged } from './clouds-file.ts';

type Fault = (key: string, message: string) => void;

/**
 * One entry of clouds.yaml as openstacksdk's loader puts it together: what its `profile` names in
 * clouds-public.yaml, the entry over it, and over that the `values` of the region that is wanted, or
 * of the first of `regions`, which also counts before `region_name`. Null is not given, and hides
 * nothing below it.
 */
export function wholeEntry(
  entry: unknown,
  sources: {
    readonly publicClouds: Entries;
    readonly wantedRegion: string | undefined;
    readonly fault: Fault;
  },
): Entries {
  const { publicClouds, wantedRegion, fault } = sources;
  if (!isMap(entry)) return {};
  const whole = merged(profileOf(entry, publicClouds, fault), entry);
  const region = chosenRegion(whole.regions, wantedRegion, fault);
  return region === undefined
    ? whole
    : { ...merged(whole, region.values), region_name: region.name };
}

function profileOf(entry: Entries, publicClouds: Entries, fault: Fault): Entries {
  const name = entry.profile ?? entry.cloud;
  if (name === undefined || name === null || name === '') return {};
  const profile = typeof name === 'string' ? name : '(no text)';
  const found = Object.hasOwn(publicClouds, profile) ? publicClouds[profile] : undefined;
  if (isMap(found)) return found;
  fault(
    'profile',
    `'${profile}' is in no clouds-public.yaml, and the profiles that openstacksdk has built in are not read: write what it stands for (auth_url and so on) into the entry`,
  );
  return {};
}

interface NamedRegion {
  readonly name: string;
  readonly values: Entries;
}

function chosenRegion(
  given: unknown,
  wanted: string | undefined,
  fault: Fault,
): NamedRegion | undefined {
  if (given === undefined || given === null || given === '') return undefined;
  const regions = Array.isArray(given) ? given.map(regionOf) : [undefined];
  const known = regions.filter((region) => region !== undefined);
  if (known.length < regions.length)
    fault('regions', 'must be a list of names, or of maps with name and values');
  if (wanted === undefined) return known[0];
  const found = known.find(({ name }) => name === wanted);
  if (found === undefined && known.length > 0) {
    const names = known.map(({ name }) => name).join(', ');
    fault('regions', `has no '${wanted}', which is wanted: it has ${names}`);
  }
  return found;
}

function regionOf(given: unknown): NamedRegion | undefined {
  if (typeof given === 'string' && given !== '') return { name: given, values: {} };
  if (!isMap(given) || typeof given.name !== 'string') return undefined;
  const { values } = given;
  if (values === undefined || values === null) return { name: given.name, values: {} };
  return isMap(values) ? { name: given.name, values } : undefined;
}
