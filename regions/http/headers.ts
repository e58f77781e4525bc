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

/** Whether the body is a range that begins at this byte: a service may answer with all of it instead. */
export function beginsAt(headers: Readonly<Record<string, string>>, first: number): boolean {
  return headers['content-range']?.startsWith(`bytes ${first}-`) === true;
}

/** How many bytes of a body come after these headers; undefined where they do not tell. */
export function announcedBytes(
  method: string,
  status: number,
  headers: Readonly<Record<string, string>>,
): number | undefined {
  if (method === 'HEAD' || status === 204 || status === 304) return 0;
  const text = headers['content-length'];
  return text === undefined ? undefined : Number(text);
}
