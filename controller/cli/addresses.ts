import type { AxiosStatic } from 'axios';

import { systemClock } from '../../kernel/clock.ts';

const probeMs = 2_000;
const pauseMs = 500;
const patienceMs = 15_000;

/**
 * The controllers that a command may ask, any of which answers for all. One is asked as long as it
 * answers; a stopped process takes connections and never answers, so before one of several is used
 * it is asked whether it is ready.
 */
export class Addresses {
  readonly #urls: readonly string[];
  #current: string;
  #isChosen: boolean;

  /** Several are separated by commas, the preferred first. */
  constructor(text: string) {
    const urls = text
      .split(',')
      .map((url) => url.trim().replace(/\/+$/, ''))
      .filter((url) => url !== '');
    this.#urls = urls.length > 0 ? urls : [text];
    this.#current = this.#urls[0] ?? text;
    this.#isChosen = this.#urls.length === 1;
  }

  get current(): string {
    return this.#current;
  }

  get areSeveral(): boolean {
    return this.#urls.length > 1;
  }

  async ensure(axios: AxiosStatic): Promise<void> {
    if (!this.#isChosen) await this.choose(axios);
  }

  /** The first that is ready, else the first that answers at all; as it was when none did for 15 s. */
  async choose(axios: AxiosStatic): Promise<void> {
    if (!this.areSeveral) return;
    const endMs = systemClock.monotonicMs() + patienceMs;
    do {
      const statuses = await Promise.all(this.#urls.map((url) => statusOf(axios, url)));
      const ready = statuses.indexOf(200);
      const found = ready >= 0 ? ready : statuses.findIndex((status) => status !== null);
      const url = this.#urls[found];
      if (url !== undefined) {
        this.#current = url;
        this.#isChosen = true;
        return;
      }
      await systemClock.sleep(pauseMs);
    } while (systemClock.monotonicMs() < endMs);
  }
}

/** Null: no answer in time. */
async function statusOf(axios: AxiosStatic, url: string): Promise<number | null> {
  try {
    const { status } = await axios.get(`${url}/readyz`, {
      proxy: false,
      timeout: probeMs,
      signal: AbortSignal.timeout(probeMs),
      validateStatus: () => true,
    });
    return status;
  } catch {
    return null; // Whatever kept it from answering: another is asked.
  }
}
