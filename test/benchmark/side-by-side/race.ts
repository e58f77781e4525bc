import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Contender, Entry, Figures } from './contender.ts';
import { type Content, fill } from './fill.ts';
import type { Servers } from './servers.ts';

/** One line of the table: medians of the runs. */
export interface Row extends Figures {
  readonly what: string;
  readonly who: string;
}

export interface Race {
  readonly servers: Servers;
  readonly runs: number;
  readonly directory: string;
}

/** Each copies the content into an empty west, in turns, so often as there are runs. */
export async function raceFirst(
  race: Race,
  content: Content,
  entries: readonly Entry[],
): Promise<readonly Row[]> {
  const what = `${describe(content)}, first copy`;
  return taken(race, content, what, entries, async (contender) => [
    await contender.first(content.container),
  ]);
}

/** Each copies it once, and then looks at what has not changed, so often as there are runs. */
export async function raceAgain(
  race: Race,
  content: Content,
  entries: readonly Entry[],
): Promise<readonly Row[]> {
  const what = `${describe(content)}, unchanged`;
  return taken({ ...race, runs: 1 }, content, what, entries, async (contender) => {
    await contender.first(content.container);
    const figures: Figures[] = [];
    for (let run = 0; run < race.runs; run += 1)
      figures.push(await contender.again(content.container));
    return figures;
  });
}

async function taken(
  { servers, runs, directory }: Race,
  content: Content,
  what: string,
  entries: readonly Entry[],
  work: (contender: Contender) => Promise<readonly Figures[]>,
): Promise<readonly Row[]> {
  console.error(`${what}: filling east`);
  await fill(servers.urls.east, content);
  const all = new Map<string, Figures[]>(entries.map(({ name }) => [name, []]));
  for (let run = 1; run <= runs; run += 1) {
    for (const entry of entries) {
      await servers.emptyWest();
      const contender = await entry.open(await mkdtemp(join(directory, 'contender-')));
      try {
        const figures = await work(contender);
        all.get(entry.name)?.push(...figures);
        for (const each of figures) console.error(`${what}: ${entry.name}: ${sayFigures(each)}`);
      } finally {
        await contender.close();
      }
    }
  }
  return [...all].map(([who, figures]) => ({ what, who, ...medians(figures) }));
}

function describe({ objects, bytesEach }: Content): string {
  const unit = bytesEach >= 1 << 20 ? `${bytesEach / 1024 ** 2} MiB` : `${bytesEach} bytes`;
  return `${objects.toLocaleString('en')} × ${unit}`;
}

function sayFigures({ seconds, cpuSeconds, peakMiB }: Figures): string {
  return `${seconds.toFixed(2)} s, ${cpuSeconds.toFixed(2)} s of CPU, ${peakMiB.toFixed(0)} MiB`;
}

function medians(figures: readonly Figures[]): Figures {
  const of = (key: keyof Figures): number => {
    const values = figures.map((each) => each[key]).toSorted((a, b) => a - b);
    return values[Math.floor(values.length / 2)] ?? NaN;
  };
  return { seconds: of('seconds'), cpuSeconds: of('cpuSeconds'), peakMiB: of('peakMiB') };
}

/** As a table, then the product beside each of the others. */
export function tell(rows: readonly Row[]): void {
  console.table(
    rows.map(({ what, who, seconds, cpuSeconds, peakMiB }) => ({
      what,
      who,
      'wall s': Number(seconds.toFixed(2)),
      'client CPU s': Number(cpuSeconds.toFixed(2)),
      'peak MiB': Math.round(peakMiB),
    })),
  );
  for (const ours of rows.filter(({ who }) => who === 'farshore')) {
    for (const other of rows.filter(({ what, who }) => what === ours.what && who !== ours.who)) {
      const share = (key: keyof Figures): string => (ours[key] / other[key]).toFixed(2);
      console.log(
        `${ours.what}: farshore takes ${share('seconds')} of the wall time and ${share('cpuSeconds')} of the CPU of ${other.who}`,
      );
    }
  }
}
