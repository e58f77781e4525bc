/** More of them find nothing that fewer would not. */
export const mostStars = 16;

/**
 * `*` stands for any text, `?` for one character, all else for itself, upper and lower case apart.
 * Names are a tenant's: only the last star that was met may give way, so that no name takes more
 * steps than the pattern's length times its own.
 */
export function matchesPattern(pattern: string, name: string): boolean {
  const [wanted, found] = [Array.from(pattern), Array.from(name)];
  let [at, reached] = [0, 0];
  /** Behind the last star, and what it stands for as yet ends there. */
  let star: { readonly at: number; reached: number } | undefined;
  while (reached < found.length) {
    const part = wanted[at];
    if (part === '*') {
      at += 1;
      star = { at, reached };
    } else if (part !== undefined && (part === '?' || part === found[reached])) {
      at += 1;
      reached += 1;
    } else if (star !== undefined) {
      star.reached += 1;
      [at, reached] = [star.at, star.reached];
    } else return false;
  }
  return wanted.slice(at).every((part) => part === '*');
}

/** What is wrong with a pattern; undefined: nothing. */
export function patternFault(pattern: string): string | undefined {
  const stars = pattern.split('*').length - 1;
  return stars > mostStars ? `has ${stars} stars, at most ${mostStars} are taken` : undefined;
}

export function hasMetadata(
  wanted: Readonly<Record<string, string>>,
  found: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(wanted).every(([key, value]) => found[key] === value);
}
