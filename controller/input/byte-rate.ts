const units: Readonly<Record<string, number>> = {
  'KiB/s': 1024,
  'MiB/s': 1024 ** 2,
  'GiB/s': 1024 ** 3,
};

/** `512KiB/s`, `50MiB/s`, `1GiB/s` in bytes a second; null when it is none of these. */
export function parseByteRate(text: string): number | null {
  const [, digits, unit] = /^(\d{1,9})([KMG]iB\/s)$/.exec(text) ?? [];
  const factor = units[unit ?? ''];
  return digits === undefined || factor === undefined ? null : Number(digits) * factor;
}

/** In the largest unit that divides it. */
export function formatByteRate(bytesPerSecond: number): string {
  for (const unit of ['GiB/s', 'MiB/s'])
    if (bytesPerSecond % (units[unit] ?? 1) === 0)
      return `${bytesPerSecond / (units[unit] ?? 1)}${unit}`;
  return `${bytesPerSecond / 1024}KiB/s`;
}
