import { Lost } from './ledger.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

/** Calls a region that may be gone in the middle of an answer. */
export class Caller {
  readonly url: string;
  readonly token: string;
  readonly projectId: string;

  constructor(url: string, token: string, projectId: string) {
    this.url = url;
    this.token = token;
    this.projectId = projectId;
  }

  /** Throws Lost, and another error for any other status than these. */
  async call(
    [method, path]: readonly [method: string, path: string],
    statuses: readonly number[],
    body?: object | Buffer,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const isBytes = Buffer.isBuffer(body);
    const type = isBytes ? 'application/octet-stream' : 'application/json';
    const sent = body === undefined || isBytes ? body : JSON.stringify(body);
    const answer = await this.#answer(path, {
      method,
      headers: { 'x-auth-token': this.token, 'content-type': type, ...headers },
      ...(sent === undefined ? {} : { body: sent }),
    });
    if (statuses.includes(answer.status)) return answer;
    throw new Error(`${method} ${path}: ${answer.status} ${answer.body.toString()}`);
  }

  async #answer(path: string, request: RequestInit): Promise<Answer> {
    try {
      const response = await fetch(this.url + path, request);
      const { status, headers } = response;
      return { status, headers, body: Buffer.from(await response.arrayBuffer()) };
    } catch (error) {
      throw new Lost('the region went away', { cause: error });
    }
  }

  async json<T>(path: string): Promise<T> {
    return JSON.parse((await this.call(['GET', path], [200])).body.toString()) as T;
  }
}
