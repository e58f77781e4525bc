import { setTimeout as sleep } from 'node:timers/promises';

const patienceMs = 10_000;
const paceMs = 50;

/** What a client met that writes all the time and tries each write again once. */
export interface Writing {
  readonly writes: number;
  readonly retried: number;
  /** Why a write failed twice. */
  readonly errors: readonly string[];
  /** The longest that one write took, its second try included. */
  readonly longestMs: number;
  /** Of the last write that was acknowledged. */
  readonly last: number;
}

/** Writes one policy of its own again and again through one controller's API. */
export class ApiWriter {
  readonly #url: string;
  readonly #policy: string;
  readonly #target: string;
  #writes = 0;
  #retried = 0;
  readonly #errors: string[] = [];
  #longestMs = 0;
  #last = 0;

  constructor(api: string, policy: string, target: string) {
    this.#url = `${api}/v1/policies/${policy}`;
    this.#policy = policy;
    this.#target = target;
  }

  async write(signal: AbortSignal): Promise<Writing> {
    while (!signal.aborted) {
      const startedMs = performance.now();
      const number = (this.#last % 9_000) + 1;
      const failure = await this.#put(number);
      const second = failure === null ? null : await this.#again(number);
      this.#longestMs = Math.max(this.#longestMs, performance.now() - startedMs);
      this.#writes += 1;
      if (second === null) this.#last = number;
      else this.#errors.push(`${failure ?? ''}; then ${second}`);
      await sleep(paceMs);
    }
    const { longestMs, last } = { longestMs: this.#longestMs, last: this.#last };
    return { writes: this.#writes, retried: this.#retried, errors: this.#errors, longestMs, last };
  }

  /** What any controller says is stored. */
  async stored(api: string): Promise<number> {
    const path = new URL(this.#url).pathname;
    const response = await fetch(`${api}${path}?consistency=linearizable`);
    const { retention } = (await response.json()) as { retention: { last: number } };
    return retention.last;
  }

  async #again(number: number): Promise<string | null> {
    this.#retried += 1;
    return this.#put(number);
  }

  /** Null when it was acknowledged. */
  async #put(number: number): Promise<string | null> {
    const body = JSON.stringify({
      name: this.#policy,
      objectives: { rpo: '2h', rto: '1h' },
      schedule: { every: '1h' },
      retention: { last: number },
      target: this.#target,
    });
    const headers = { 'content-type': 'application/json' };
    const signal = AbortSignal.timeout(patienceMs);
    try {
      const response = await fetch(this.#url, { method: 'PUT', headers, body, signal });
      const text = await response.text();
      return response.ok ? null : `${response.status} ${text}`;
    } catch (error) {
      const { message, cause } = error as Error;
      return `${message} (${(cause as NodeJS.ErrnoException | undefined)?.code ?? ''})`;
    }
  }
}
