import type { AxiosInstance, AxiosResponse } from 'axios';

import { FarshoreError } from '../../kernel/errors.ts';
import type { Execution } from '../../runbooks/execution/types.ts';
import { staleHeader } from '../api/freshness.ts';
import type { Problem } from '../api/problem.ts';
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
}

/** What the command line asks of a controller's API; refusals come out as FarshoreErrors. */
export class ApiClient {
  readonly url: string;
  readonly #options: ClientOptions;
  #connected: Promise<AxiosInstance> | undefined;
  #isStaleTold = false;

  constructor(url: string, options: ClientOptions = {}) {
    this.url = url.replace(/\/+$/, '');
    this.#options = options;
  }

  async get<T>(path: string, params?: Record<string, unknown>): Promise<T> {
    return (await this.#send<T>('get', path, undefined, params)).data;
  }

  async getText(path: string, accept: string): Promise<string> {
    return (await this.#send<string>('get', path, undefined, undefined, { Accept: accept })).data;
  }

  async put<T>(path: string, body: unknown): Promise<T> {
    return (await this.#send<T>('put', path, body)).data;
  }

  async post<T>(path: string, body: unknown = {}): Promise<T> {
    return (await this.#send<T>('post', path, body)).data;
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

  /** Each state of the execution as it is saved, until it has ended. */
  async *watch(id: string): AsyncIterable<Execution> {
    const http = await this.#http();
    const response = await http.get<NodeJS.ReadableStream>(`/executions/${id}/events`, {
      responseType: 'stream',
    });
    if (response.status !== 200) {
      // Asked again as JSON, so that the refusal can be read.
      await this.get(`/executions/${id}`);
    }
    for await (const data of readEvents(response.data)) yield JSON.parse(data) as Execution;
  }

  async #send<T>(
    method: 'get' | 'put' | 'post' | 'delete',
    path: string,
    data?: unknown,
    params?: Record<string, unknown>,
    headers: Record<string, string> = {},
  ): Promise<AxiosResponse<T>> {
    const http = await this.#http();
    const asked =
      method === 'get' && this.#options.isLinearizable === true
        ? { ...params, consistency: 'linearizable' }
        : params;
    let response: AxiosResponse<T>;
    try {
      response = await http.request<T>({ method, url: path, data, params: asked, headers });
    } catch (error) {
      throw this.#unreachable(error);
    }
    this.#noteAge(response);
    if (response.status >= 400) throw refusal(response);
    return response;
  }

  #noteAge(response: AxiosResponse): void {
    const age: unknown = response.headers[staleHeader.toLowerCase()];
    if (this.#isStaleTold || typeof age !== 'string') return;
    this.#isStaleTold = true;
    this.#options.onStale?.(Number(age));
  }

  /** Loaded when a controller is asked: regions and controllers themselves do without. */
  #http(): Promise<AxiosInstance> {
    this.#connected ??= import('axios').then(({ default: axios }) =>
      axios.create({
        baseURL: `${this.url}/v1`,
        maxRedirects: 0,
        proxy: false,
        // A verification reads a whole point: it may take hours, and its end is awaited.
        timeout: 0,
        validateStatus: () => true,
      }),
    );
    return this.#connected;
  }

  #unreachable(error: unknown): FarshoreError {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code ?? message;
    return new FarshoreError(`no answer (${reason})`, {
      code: 'api.unreachable',
      kind: 'transient',
      operation: 'ask the controller at',
      subject: this.url,
      hint: 'is `farshore serve` running? Another address goes in --api or FARSHORE_API',
    });
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
  );
}

/** A refusal by the controller; its text is whole already. */
export class ProblemError extends FarshoreError {
  constructor(detail: string, code: string) {
    super(detail, { code, kind: 'permanent', operation: 'ask the controller' });
  }
}
