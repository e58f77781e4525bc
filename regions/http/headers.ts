/** As answers give them: names in lower case, one text for each. */
export function flat(headers: object): Record<string, string> {
  const all: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers) as [
    string,
    string | string[] | null | undefined,
  ][]) {
    if (value === undefined || value === null) continue;
    all[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
  }
  return all;
}
