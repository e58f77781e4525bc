import type { Clock } from '../../kernel/clock.ts';
import type { RegionStatus } from '../service.ts';
import type { Sites } from '../sites.ts';

const probeTimeoutMs = 5_000;
/** Scrapes and consoles ask often; the regions are asked this often at most. */
const keptMs = 10_000;

/** Asks every region for its health, all at once, one request a service. */
export class RegionHealth {
  readonly #sites: Sites;
  readonly #clock: Clock;
  #asked: { readonly atMs: number; readonly answer: Promise<readonly RegionStatus[]> } | null =
    null;

  constructor(sites: Sites, clock: Clock) {
    this.#sites = sites;
    this.#clock = clock;
  }

  /** Never rejects: a region that cannot be asked is down, with the reason. */
  read(): Promise<readonly RegionStatus[]> {
    const nowMs = this.#clock.monotonicMs();
    if (this.#asked === null || nowMs - this.#asked.atMs > keptMs)
      this.#asked = { atMs: nowMs, answer: this.#probe() };
    return this.#asked.answer;
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
