import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { finished, pipeline } from 'node:stream/promises';
import type { RegionUnderTest } from '../environment.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Question {
  /** Values hold the wire's bytes as latin-1: see `wire`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer | { readonly stream: Readable; readonly bytes: number };
  /** The only status that is no error; any of 2xx when it is left out. */
  readonly expected?: number;
  /** Takes the answer's body, which is then empty in the answer. */
  readonly take?: (part: Buffer) => void;
}

interface CatalogueEntry {
  readonly type: string;
  readonly endpoints: readonly {
    readonly interface: string;
    readonly region: string;
    readonly url: string;
  }[];
}

/** A text as the header's value whose bytes are its UTF-8. */
export function wire(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/** One object's or container's name in a path. */
export function quoted(name: string): string {
  return name.split('/').map(encodeURIComponent).join('/');
}

/**
 * A user without a line of the product's own clients: what it sees is what the services say. Paths
 * go out as they are given, dots and all.
 */
export class Outsider {
  readonly projectId: string;
  readonly userId: string;
  readonly #token: string;
  readonly #endpoints: ReadonlyMap<string, string>;
  readonly #agent: Agent;

  private constructor(token: string, issued: Issued, endpoints: ReadonlyMap<string, string>) {
    this.projectId = issued.project.id;
    this.userId = issued.user.id;
    this.#token = token;
    this.#endpoints = endpoints;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 4 });
  }

  static async login(region: RegionUnderTest, project = 'demo'): Promise<Outsider> {
    const domain = { id: 'default' };
    const user = { name: 'admin', domain, password: 'secret' };
    const identity = { methods: ['password'], password: { user } };
    const scope = { project: { name: project, domain } };
    const answer = await send(new Agent(), `${region.authUrl}/auth/tokens`, 'POST', {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ auth: { identity, scope } }),
      expected: 201,
    });
    const { token } = JSON.parse(answer.body.toString()) as { token: Issued };
    const endpoints = new Map([['identity', region.authUrl]]);
    for (const { type, endpoints: all } of token.catalog) {
      const found = all.find((each) => each.interface === 'public' && each.region === region.name);
      if (found !== undefined && type !== 'identity') endpoints.set(type, found.url);
    }
    return new Outsider(String(answer.headers['x-subject-token']), token, endpoints);
  }

  /** `target`: path and query below the service's endpoint. An unexpected status throws. */
  ask(service: string, method: string, target: string, question: Question = {}): Promise<Answer> {
    const endpoint = this.#endpoints.get(service);
    if (endpoint === undefined) throw new Error(`the catalogue has no ${service}`);
    const headers = { 'x-auth-token': this.#token, ...question.headers };
    return send(this.#agent, endpoint + target, method, { ...question, headers });
  }

  /** The same with JSON in both directions; undefined where the answer is empty. */
  async json(service: string, method: string, target: string, value?: unknown): Promise<unknown> {
    const { body } = await this.ask(service, method, target, {
      headers: { 'content-type': 'application/json' },
      ...(value === undefined ? {} : { body: JSON.stringify(value) }),
    });
    return body.length === 0 ? undefined : JSON.parse(body.toString());
  }

  /** A body too long to be held, part by part. */
  async read(service: string, target: string, take: (part: Buffer) => void): Promise<void> {
    await this.ask(service, 'GET', target, { take, expected: 200 });
  }

  close(): void {
    this.#agent.destroy();
  }
}

interface Issued {
  readonly project: { readonly id: string };
  readonly user: { readonly id: string };
  readonly catalog: readonly CatalogueEntry[];
}

async function send(
  agent: Agent,
  url: string,
  method: string,
  question: Question,
): Promise<Answer> {
  const [, host, port, path] = /^http:\/\/([^:/]+):(\d+)(.*)$/.exec(url)!;
  const { body = '', expected } = question;
  const bytes = typeof body === 'object' && 'stream' in body ? body.bytes : Buffer.byteLength(body);
  const headers = { ...question.headers, 'content-length': bytes };
  const answer = await new Promise<Answer>((done, fail) => {
    const sent = request({ agent, host, port, path, method, headers }, (response) => {
      const { statusCode: status = 0, headers } = response;
      bodyOf(response, question.take).then((body) => done({ status, headers, body }), fail);
    });
    sent.on('error', fail);
    if (typeof body === 'object' && 'stream' in body) pipeline(body.stream, sent).catch(fail);
    // A text would be sent in one piece with the head, both as UTF-8.
    else sent.end(Buffer.from(body));
  });
  if (expected === undefined ? answer.status >= 300 : answer.status !== expected)
    throw new Error(`${method} ${url}: ${answer.status} ${answer.body.toString().slice(0, 300)}`);
  return answer;
}

async function bodyOf(response: Readable, take: Question['take']): Promise<Buffer> {
  if (take === undefined) return buffer(response);
  response.on('data', take);
  await finished(response);
  return Buffer.alloc(0);
}
