/** `*` stands for any text, `?` for one character, all else for itself, upper and lower case apart. */
export function matchesPattern(pattern: string, name: string): boolean {
  const expression = Array.from(pattern)
    .map((character) => {
      if (character === '*') return '.*';
      if (character === '?') return '.';
      return character.replace(/[\\^$.|+()[\]{}]/, '\\$&');
    })
    // Runs of stars are one star, so that matching takes no exponential time.
    .filter((part, index, parts) => part !== '.*' || parts[index - 1] !== '.*');
  return new RegExp(`^${expression.join('')}$`, 'su').test(name);
}

export function hasMetadata(
  wanted: Readonly<Record<string, string>>,
  found: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(wanted).every(([key, value]) => found[key] === value);
}
