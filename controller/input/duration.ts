const unitSeconds: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
};

/** `30s`, `15m`, `4h`, `1d`, `2w`, `1h30m` in seconds; null when it is none of these. */
export function parseDuration(text: string): number | null {
  if (!/^(\d{1,9}[smhdw])+$/.test(text)) return null;
  let seconds = 0;
  for (const [, digits, unit] of text.matchAll(/(\d+)([smhdw])/g))
    seconds += Number(digits) * (unitSeconds[unit ?? ''] ?? 0);
  return seconds;
}

/** In the largest unit that divides it: 900 is `15m`, 5400 is `90m`. Weeks are written in days. */
export function formatDuration(seconds: number): string {
  for (const unit of ['d', 'h', 'm'])
    if (seconds > 0 && seconds % (unitSeconds[unit] ?? 1) === 0)
      return `${seconds / (unitSeconds[unit] ?? 1)}${unit}`;
  return `${seconds}s`;
}
