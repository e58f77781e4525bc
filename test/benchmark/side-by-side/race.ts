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
  const { servers, runs } = race;
  const heat = new Heat(`${describe(content)}, first copy`, entries);
  await heat.fill(servers, content);
  for (let run = 1; run <= runs; run += 1) {
    for (const entry of entries) {
      await servers.emptyWest();
      const contender = await open(race, entry);
      try {
        heat.took(entry, await contender.first(content.container));
      } finally {
        await contender.close();
      }
    }
  }
  return heat.rows();
}

/**
 * Each copies it once, and all look in turns at what has not changed, so often as there are runs. West is
 * emptied once: who copies as another does finds its copy.
 */
export async function raceAgain(
  race: Race,
  content: Content,
  entries: readonly Entry[],
): Promise<readonly Row[]> {
  const { servers, runs } = race;
  const heat = new Heat(`${describe(content)}, unchanged`, entries);
  await heat.fill(servers, content);
  await servers.emptyWest();
  const contenders: (readonly [Entry, Contender])[] = [];
  try {
    for (const entry of entries) {
      const contender = await open(race, entry);
      contenders.push([entry, contender]);
      await contender.first(content.container);
    }
    for (let run = 1; run <= runs; run += 1)
      for (const [entry, contender] of contenders)
        heat.took(entry, await contender.again(content.container));
  } finally {
    for (const [, contender] of contenders) await contender.close();
  }
  return heat.rows();
}

async function open({ directory }: Race, entry: Entry): Promise<Contender> {
  return await entry.open(await mkdtemp(join(directory, 'contender-')));
}

/** What all took of one thing. */
class Heat {
  readonly #what: string;
  readonly #took: Map<Entry, Figures[]>;

  constructor(what: string, entries: readonly Entry[]) {
    this.#what = what;
    this.#took = new Map(entries.map((entry) => [entry, []]));
  }

  async fill({ urls }: Servers, content: Content): Promise<void> {
    console.error(`${this.#what}: filling east`);
    await fill(urls.east, content);
  }

  took(entry: Entry, figures: Figures): void {
    this.#took.get(entry)?.push(figures);
    console.error(`${this.#what}: ${entry.name}: ${sayFigures(figures)}`);
  }

  rows(): readonly Row[] {
    const all = [...this.#took];
    return all.map(([{ name: who }, took]) => ({ what: this.#what, who, ...medians(took) }));
  }
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
