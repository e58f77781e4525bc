import { badRequest, tooLarge } from '../replies/image-refusal.ts';

const mostOfAKind = 128;
const greatestInteger = 2_147_483_647;
const longestValueBytes = 65_535;

/** Outside the three bytes of UTF-8 that Glance's database keeps. */
const fourByteSign = /[\ud800-\udfff]/;

export function requireTagLimits(tags: readonly string[]): void {
  if (tags.some((tag) => fourByteSign.test(tag)))
    throw badRequest("Param values can't contain 4 byte unicode.");
  requireTagCount(tags.length);
}

export function requireTagCount(attempted: number, before = '', after = ''): void {
  if (attempted > mostOfAKind) throw tooLarge(before + limitText('tags', attempted) + after);
}

export function requirePropertyCount(properties: object): void {
  const attempted = Object.keys(properties).length;
  if (attempted > mostOfAKind) throw tooLarge(limitText('properties', attempted));
}

export function requireMemberCount(imageId: string, attempted: number): void {
  if (attempted <= mostOfAKind) return;
  const limit = limitText('members for this image', attempted);
  throw tooLarge(`Image member limit exceeded for image ${imageId}: ${limit}:`);
}

function limitText(kind: string, attempted: number): string {
  return (
    `The limit has been exceeded on the number of allowed image ${kind}. ` +
    `Attempted: ${attempted}, Maximum: ${mostOfAKind}`
  );
}

export function requireNotNegative(name: string, value: number): void {
  if (value < 0)
    throw badRequest(
      `Invalid value '${value}' for parameter '${name}': Cannot be a negative value`,
    );
}

/** What Glance's database would not take; `values` are texts and numbers by their names. */
export function requireStorable(values: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === 'number' && value > greatestInteger)
      throw badRequest(`'${name}' value out of range, must not exceed ${greatestInteger}.`);
    if (fourByteSign.test(name)) throw badRequest("Property names can't contain 4 byte unicode.");
    if (typeof value !== 'string') continue;
    if (fourByteSign.test(value))
      throw badRequest(`${titleOf(name)} can't contain 4 byte unicode characters.`);
    if (Buffer.byteLength(value) > longestValueBytes)
      throw badRequest(`${titleOf(name)} is too long.`);
  }
}

/** `os_distro` as `Os_Distro`. */
function titleOf(name: string): string {
  return name.toLowerCase().replace(/(?<![a-z])[a-z]/g, (letter) => letter.toUpperCase());
}
