import type { Clock } from '../../kernel/clock.ts';
import type { RegionStatus } from '../service.ts';
import type { Sites } from '../sites.ts';

const probeTimeoutMs = 5_000;
/** Scrapes and consoles ask often; the regions are asked this often at most. */
const keptMs = 10_000;
/** What nobody has asked for so long is not told without asking. */
const knownMs = 600_000;
/** Of a scrape's time: regions that are well answer sooner. */
const awaitedMs = 1_000;

interface Probe {
  readonly atMs: number;
  readonly answer: Promise<readonly RegionStatus[]>;
}

/** Asks every region for its health, all at once, one request a service. */
export class RegionHealth {
  readonly #sites: Pick<Sites, 'names' | 'region'>;
  readonly #clock: Clock;
  #asked: Probe | null = null;
  /** The newest that has its answer. */
  #ended: Probe | null = null;

  constructor(sites: Pick<Sites, 'names' | 'region'>, clock: Clock) {
    this.#sites = sites;
    this.#clock = clock;
  }

  /** Never rejects: a region that cannot be asked is down, with the reason. */
  read(): Promise<readonly RegionStatus[]> {
    if (this.#asked === null || this.#ageMs(this.#asked) > keptMs) {
      const probe = { atMs: this.#clock.monotonicMs(), answer: this.#probe() };
      this.#asked = probe;
      void probe.answer.then(() => (this.#ended = probe));
    }
    return this.#asked.answer;
  }

  /**
   * Within a second: what the asking before found, where a region hangs. A scrape that waited for that one
   * would be given up, and its alarm with it.
   */
  async known(): Promise<readonly RegionStatus[]> {
    const asked = this.read();
    const ended = this.#ended;
    if (ended === null || this.#ageMs(ended) > knownMs) return await asked;
    let cancel = (): void => undefined;
    const late = new Promise<readonly RegionStatus[]>((resolve) => {
      cancel = this.#clock.after(awaitedMs, () => resolve(ended.answer));
    });
    try {
      return await Promise.race([asked, late]);
    } finally {
      cancel();
    }
  }

  #ageMs({ atMs }: Probe): number {
    return this.#clock.monotonicMs() - atMs;
  }

  async #probe(): Promise<readonly RegionStatus[]> {
    return Promise.all(
      this.#sites.names.map(async (name) => ({
        name,
        services: await this.#sites.region(name).probe(probeTimeoutMs),
      })),
    );
  }
}
