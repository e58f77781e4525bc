import type { Readable } from 'node:stream';

import type { AxiosRequestConfig, AxiosResponse, AxiosStatic } from 'axios';

import { systemClock } from '../../kernel/clock.ts';
import { FarshoreError } from '../../kernel/errors.ts';
import { systemRandom } from '../../kernel/random.ts';
import type { Execution } from '../../runbooks/execution/types.ts';
import { staleHeader } from '../api/freshness.ts';
import type { Problem } from '../api/problem.ts';
import { Addresses } from './addresses.ts';
import { readEvents } from './event-stream.ts';

export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

export interface ClientOptions {
  /** Reads include everything that was acknowledged anywhere, or fail. */
  readonly isLinearizable?: boolean;
  /** Hears once of answers that are old, and how old in seconds. */
  readonly onStale?: (seconds: number) => void;
  /** Hears again and again of a controller that is waited for, and how long. */
  readonly onSilence?: (url: string, seconds: number) => void;
  /** How long an answer to a reading may take, and silence in what is watched last. */
  readonly readLimitMs?: number;
  /** How long a controller that answered before is waited for by who follows something. */
  readonly patienceMs?: number;
}

type Request = Pick<
  AxiosRequestConfig,
  'method' | 'url' | 'data' | 'params' | 'headers' | 'responseType'
>;

/** Before a request is sent again: a controller that was killed takes that long to be missed. */
const pauseMs = 1_000;
/** Longer than a controller waits for a region. */
const usualReadLimitMs = 75_000;
/** Between two signs of life in what is watched; a controller gives one each 10 s. */
const usualEventLimitMs = 30_000;
const tellAfterMs = 5_000;
const usualPatienceMs = 600_000;
const tellEveryMs = 10_000;

/**
 * What the command line asks of a controller's API; refusals come out as FarshoreErrors. What was
 * lost on the way, or not to be had now (503), is asked once more, of another controller where
 * several are known: every order of this API can be given twice.
 */
export class ApiClient {
  readonly #addresses: Addresses;
  readonly #options: ClientOptions;
  #axios: Promise<AxiosStatic> | undefined;
  #isStaleTold = false;
  /** When the last answer came. */
  #answeredMs: number | null = null;
  #silenceToldMs = -Infinity;

  /** Several addresses are separated by commas. */
  constructor(url: string, options: ClientOptions = {}) {
    this.#addresses = new Addresses(url);
    this.#options = options;
  }

  /** Of the controller that is asked now. */
  get url(): string {
    return this.#addresses.current;
  }

  async get<T>(path: string, params?: Record<string, unknown>): Promise<T> {
    return (await this.#send<T>('get', path, undefined, params)).data;
  }

  /**
   * The same of what goes on without this client: a controller that has answered before is waited for, as
   * when it is started again.
   */
  async poll<T>(path: string): Promise<T> {
    return await this.#outlasting(() => this.get<T>(path));
  }

  async getText(path: string, accept: string): Promise<string> {
    return (await this.#send<string>('get', path, undefined, undefined, { Accept: accept })).data;
  }

  async put<T>(path: string, body: unknown): Promise<T> {
    return (await this.#send<T>('put', path, body)).data;
  }

  async post<T>(path: string, body: unknown = {}): Promise<T> {
    // A name for this very order, so that it is carried out once however often it is sent.
    const headers = path === '/executions' ? { 'Idempotency-Key': systemRandom.id() } : {};
    return (await this.#send<T>('post', path, body, undefined, headers)).data;
  }

  async delete(path: string, params?: Record<string, unknown>): Promise<void> {
    await this.#send('delete', path, undefined, params);
  }

  /** Every item of every page. */
  async list<T>(path: string, params: Record<string, unknown> = {}): Promise<readonly T[]> {
    const items: T[] = [];
    let marker: string | null = null;
    do {
      const page: Page<T> = await this.get(path, marker === null ? params : { ...params, marker });
      items.push(...page.items);
      marker = page.next;
    } while (marker !== null);
    return items;
  }

  /** Each state of the execution as it is saved, until it has ended; from another controller when one goes. */
  async *watch(id: string): AsyncIterable<Execution> {
    let seen = 0;
    for (;;) {
      const { status, data } = await this.#outlasting(() =>
        this.#exchange<Readable>({
          method: 'get',
          url: `/executions/${id}/events`,
          responseType: 'stream',
        }),
      );
      // Asked again as JSON, so that the refusal can be read.
      if (status !== 200) await this.poll(`/executions/${id}`);
      const limitMs = this.#options.readLimitMs ?? usualEventLimitMs;
      for await (const execution of states(data, limitMs)) {
        if (execution.version > seen) yield execution;
        seen = Math.max(seen, execution.version);
        if (execution.state === 'ended') return;
      }
      // As long as the stream lasted it was there.
      this.#answeredMs = systemClock.monotonicMs();
      await systemClock.sleep(pauseMs);
      await this.#addresses.choose(await this.#loaded());
    }
  }

  async #send<T>(
    method: 'get' | 'put' | 'post' | 'delete',
    path: string,
    data?: unknown,
    params?: Record<string, unknown>,
    headers: Record<string, string> = {},
  ): Promise<AxiosResponse<T>> {
    const asked =
      method === 'get' && this.#options.isLinearizable === true
        ? { ...params, consistency: 'linearizable' }
        : params;
    const response = await this.#exchange<T>({ method, url: path, data, params: asked, headers });
    this.#noteAge(response);
    if (response.status >= 400) throw refusal(response);
    return response;
  }

  /** What one alone can't read now it can't read a second later. A deletion that finds nothing at the second try has happened at the first. */
  async #exchange<T>(request: Request): Promise<AxiosResponse<T>> {
    const first = await this.#once<T>(request);
    const isWorthIt = request.method !== 'get' || this.#addresses.areSeveral;
    if (!('error' in first) && !(isWorthIt && isPassing(first))) return first;
    // Nobody is there, and nobody else is known.
    if ('error' in first && first.isRefused && !this.#addresses.areSeveral) throw first.error;
    await systemClock.sleep(pauseMs);
    await this.#addresses.choose(await this.#loaded());
    const second = await this.#once<T>(request);
    if ('error' in second) throw second.error;
    const isGone = request.method === 'delete' && second.status === 404;
    return isGone ? { ...second, status: 204 } : second;
  }

  async #outlasting<T>(ask: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        const silentMs = systemClock.monotonicMs() - (this.#answeredMs ?? -Infinity);
        const isSilent =
          error instanceof ProblemError
            ? error.status === 503
            : error instanceof FarshoreError && error.code === 'api.unreachable';
        const { patienceMs = usualPatienceMs } = this.#options;
        if (!isSilent || silentMs > patienceMs) throw error;
        this.#tellSilence(silentMs);
        await systemClock.sleep(pauseMs);
        await this.#addresses.choose(await this.#loaded());
      }
    }
  }

  #tellSilence(silentMs: number): void {
    const nowMs = systemClock.monotonicMs();
    if (nowMs - this.#silenceToldMs < tellEveryMs) return;
    this.#silenceToldMs = nowMs;
    this.#options.onSilence?.(this.url, Math.round(silentMs / 1_000));
  }

  async #once<T>(request: Request): Promise<AxiosResponse<T> | Failure> {
    const axios = await this.#loaded();
    await this.#addresses.ensure(axios);
    const limit = new AbortController();
    const { readLimitMs = usualReadLimitMs } = this.#options;
    const isReading = request.method === 'get';
    const end = isReading ? setTimeout(() => limit.abort(), readLimitMs) : undefined;
    const told = isReading
      ? setTimeout(() => this.#tellSilence(tellAfterMs), tellAfterMs)
      : undefined;
    try {
      const answer = await axios.request<T>({
        ...request,
        baseURL: `${this.url}/v1`,
        maxRedirects: 0,
        proxy: false,
        // A verification reads a whole point: it may take hours, and its end is awaited.
        timeout: 0,
        signal: limit.signal,
        validateStatus: () => true,
      });
      // 503: it is there, and has no answer now.
      if (answer.status !== 503) this.#answeredMs = systemClock.monotonicMs();
      return answer;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const isLate = limit.signal.aborted;
      const reason = isLate ? `none in ${readLimitMs / 1_000} s` : (code ?? message);
      return {
        error: this.#unreachable(reason, error, isLate),
        isRefused: code === 'ECONNREFUSED',
      };
    } finally {
      clearTimeout(end);
      clearTimeout(told);
    }
  }

  #noteAge(response: AxiosResponse): void {
    const age: unknown = response.headers[staleHeader.toLowerCase()];
    if (this.#isStaleTold || typeof age !== 'string') return;
    this.#isStaleTold = true;
    this.#options.onStale?.(Number(age));
  }

  /** Loaded when a controller is asked: regions and controllers themselves do without. */
  #loaded(): Promise<AxiosStatic> {
    this.#axios ??= import('axios').then(({ default: axios }) => axios);
    return this.#axios;
  }

  #unreachable(reason: string, cause: unknown, isLate: boolean): FarshoreError {
    return new FarshoreError(`no answer (${reason})`, {
      code: 'api.unreachable',
      kind: 'transient',
      operation: 'ask the controller at',
      subject: this.url,
      hint: isLate
        ? 'it takes connections: is its process stopped, or the machine out of memory? Another address goes in --api or FARSHORE_API'
        : 'is `farshore serve` running? Another address goes in --api or FARSHORE_API',
      cause,
    });
  }
}

interface Failure {
  readonly error: FarshoreError;
  /** Nothing was sent. */
  readonly isRefused: boolean;
}

/** An order that stands is not given again. */
function isPassing({ status, data }: AxiosResponse<unknown>): boolean {
  return status === 503 && (data as Partial<Problem> | null)?.code !== 'execution.not-under-way';
}

/** A stream that breaks off, or falls silent, is as good as one that ends: it is opened again. */
async function* states(stream: Readable, limitMs: number): AsyncIterable<Execution> {
  try {
    for await (const data of readEvents(stream, limitMs)) yield JSON.parse(data) as Execution;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  }
}

function refusal(response: AxiosResponse): FarshoreError {
  const problem = response.data as Partial<Problem> | string | null;
  const isProblem = typeof problem === 'object' && problem?.detail !== undefined;
  return new ProblemError(
    isProblem
      ? (problem.detail ?? '')
      : `the answer was ${response.status}, and no problem document`,
    isProblem ? (problem.code ?? 'api.refused') : 'api.refused',
    response.status,
  );
}

/** A refusal by the controller; its text is whole already. */
export class ProblemError extends FarshoreError {
  readonly status: number;

  constructor(detail: string, code: string, status: number) {
    super(detail, { code, kind: 'permanent', operation: 'ask the controller' });
    this.status = status;
  }
}
