const dateForm = String.raw`(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?|(\d{2})(\d{2}))?`;
const timeForm = String.raw`[ T](\d{2})(?::?(\d{2}))?(?::?(\d{1,2})(?:[.,](\d+))?)?`;
const zoneForm = String.raw`Z|([-+])(\d{2}):?(\d{2})?`;
const form = new RegExp(`^${dateForm}(?:${timeForm}(?:${zoneForm})?)?$`);

/** ISO 8601 with as little of it as a year; UTC where no zone is named. Milliseconds of the epoch. */
export function parseTime(text: string): number | undefined {
  const match = form.exec(text);
  if (match === null) return undefined;
  const [, year, dashedMonth, dashedDay, plainMonth, plainDay, ...rest] = match;
  const [hour, minute, second, fraction, sign, zoneHour, zoneMinute] = rest;
  const month = Number(dashedMonth ?? plainMonth ?? 1);
  const day = Number(dashedDay ?? plainDay ?? 1);
  const time = [Number(hour ?? 0), Number(minute ?? 0), Number(second ?? 0)] as const;
  const isReal = month <= 12 && isDayOf(Number(year), month, day);
  if (!isReal || time[0] > 23 || time[1] > 59 || time[2] > 59) return undefined;
  const ms = Math.floor(Number(`0.${fraction ?? 0}`) * 1_000);
  const zoneMinutes = Number(zoneHour ?? 0) * 60 + Number(zoneMinute ?? 0);
  const utc = Date.UTC(Number(year), month - 1, day, ...time, ms);
  return utc - (sign === '-' ? -1 : 1) * zoneMinutes * 60_000;
}

function isDayOf(year: number, month: number, day: number): boolean {
  return month >= 1 && day >= 1 && new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day;
}
