import { page } from '../refusals.ts';

/**
 * The offered type that an Accept header likes best; the first one without a header, undefined when
 * it likes none. Throws a Refusal of 400 for what is no Accept header.
 */
export function accepted(
  header: string | undefined,
  offered: readonly string[],
): string | undefined {
  if (header === undefined || header.trim() === '') return offered[0];
  const wishes = header.split(',').map(wishOf);
  wishes.sort((left, right) => right.quality - left.quality || right.precision - left.precision);
  for (const { pattern, quality } of wishes) {
    const match = quality > 0 ? offered.find((type) => fits(type, pattern)) : undefined;
    if (match !== undefined) return match;
  }
  return undefined;
}

function wishOf(text: string): {
  readonly pattern: string;
  readonly quality: number;
  readonly precision: number;
} {
  const [pattern = '', ...parameters] = text.split(';').map((part) => part.trim());
  if (!/^[^\s/]+\/[^\s/]+$/.test(pattern)) throw page(400, 'Invalid Accept header');
  const q = parameters.find((parameter) => /^q\s*=/i.test(parameter));
  const quality = q === undefined ? 1 : Number(q.slice(q.indexOf('=') + 1));
  if (!(quality >= 0 && quality <= 1)) throw page(400, 'Invalid Accept header');
  const precision = pattern === '*/*' ? 0 : pattern.endsWith('/*') ? 1 : 2;
  return { pattern, quality, precision };
}

function fits(type: string, pattern: string): boolean {
  if (pattern === '*/*' || pattern === type) return true;
  return pattern.endsWith('/*') && type.startsWith(pattern.slice(0, -1));
}
