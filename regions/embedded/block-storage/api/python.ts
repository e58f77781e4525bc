/** JSON as Python's `json.dumps` writes it on one line: spaces after `,` and `:`, ASCII only. */
export function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return ascii(JSON.stringify(value));
  const fields = Object.entries(value).map(
    ([key, field]) => `${ascii(JSON.stringify(key))}: ${pythonJson(field)}`,
  );
  return `{${fields.join(', ')}}`;
}

/** The same with `indent=2`; with the keys in order given, as `sort_keys` leaves them. */
export function pythonJsonLines(value: unknown): string {
  return ascii(JSON.stringify(value, null, 2));
}

function ascii(json: string): string {
  return json.replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A JSON value as Python's `repr` shows it, which is how Cinder's refusals quote their input. */
export function repr(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (typeof value === 'string') {
    const quoted = JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"');
    return value.includes("'") && !value.includes('"') ? `"${quoted}"` : `'${quoted}'`;
  }
  if (Array.isArray(value)) return `[${value.map(repr).join(', ')}]`;
  if (typeof value !== 'object') return JSON.stringify(value);
  const fields = Object.entries(value).map(([key, field]) => `${repr(key)}: ${repr(field)}`);
  return `{${fields.join(', ')}}`;
}

/** `2026-11-21T16:40:25.000000`: whole seconds, as they come back from the database. */
export function shownTime(epochMs: number | null): string | null {
  return epochMs === null ? null : `${new Date(epochMs).toISOString().slice(0, 19)}.000000`;
}
