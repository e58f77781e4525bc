import type { IRouter, Request } from 'express';
import { z } from 'zod';

import { FarshoreError } from '../../kernel/errors.ts';
import type { Precondition } from '../service.ts';
import type { ReadOptions } from '../store/store.ts';

export interface Reply {
  readonly status?: number;
  /** Sent as the ETag that If-Match takes. */
  readonly revision?: number;
  readonly body?: unknown;
  /** For what is not JSON. */
  readonly text?: { readonly type: string; readonly content: string };
}

export interface RouteInput<Query, Body, Headers> {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly headers: Headers;
  readonly body: Body;
  /** From If-Match and If-None-Match: `*`. */
  readonly precondition: Precondition;
  readonly accepts: (type: string) => boolean;
  /** Of a GET: what its `consistency` asks for, local unless it is given. */
  readonly read: ReadOptions;
  /** Aborts when the caller hangs up. */
  readonly signal: AbortSignal;
}

/** One operation of the API, written once: it serves the request and describes itself in /openapi.json. */
export interface Route {
  readonly method: 'get' | 'put' | 'post' | 'delete';
  /** Below /v1, with `{name}` for parameters. */
  readonly path: string;
  readonly id: string;
  readonly summary: string;
  readonly query: z.ZodObject;
  /** Names in lower case; others that come along are left alone. */
  readonly headers: z.ZodObject;
  readonly body: z.ZodType | null;
  readonly status: number;
  readonly response: z.ZodType | null;
  readonly handle: (input: Omit<RouteInput<Fields, unknown, Fields>, 'read'>) => Promise<Reply>;
}

type Fields = Readonly<Record<string, unknown>>;

interface RouteDefinition<
  Q extends z.ZodObject,
  B extends z.ZodType,
  H extends z.ZodObject,
> extends Omit<Route, 'query' | 'headers' | 'body' | 'handle' | 'status' | 'response'> {
  readonly query?: Q;
  readonly headers?: H;
  readonly body?: B;
  readonly status?: number;
  readonly response?: z.ZodType;
  readonly handle: (input: RouteInput<z.output<Q>, z.output<B>, z.output<H>>) => Promise<Reply>;
}

const noQuery = z.strictObject({});
const noHeaders = z.object({});

/** What every GET takes. */
const readQuery = {
  consistency: z
    .enum(['local', 'linearizable'])
    .default('local')
    .describe(
      '`local` answers from this site, also while no majority of the sites does; `linearizable` includes everything that was acknowledged anywhere before, and is refused without a majority.',
    ),
};

/** Checks query, headers and body by their schemas before the handler sees them. */
export function route<
  Q extends z.ZodObject = typeof noQuery,
  B extends z.ZodType = z.ZodNever,
  H extends z.ZodObject = typeof noHeaders,
>(definition: RouteDefinition<Q, B, H>): Route {
  const headers = definition.headers ?? noHeaders;
  const own = definition.query ?? noQuery;
  const query = definition.method === 'get' ? own.extend(readQuery) : own;
  const body = definition.body ?? null;
  return {
    ...definition,
    query,
    headers,
    body,
    status: definition.status ?? 200,
    response: definition.response ?? null,
    handle: async (input) => {
      const asked = parse(query, input.query, 'query') as z.output<Q> & Required<ReadOptions>;
      return definition.handle({
        ...input,
        query: asked,
        headers: parse(headers, input.headers, 'headers') as z.output<H>,
        read: { consistency: asked.consistency },
        body: (body === null ? undefined : parse(body, input.body, 'body')) as z.output<B>,
      });
    },
  };
}

function parse(schema: z.ZodType, value: unknown, where: string): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => {
    const path = [where, ...issue.path.map(String)].join('.');
    return `${path}: ${issue.message}`;
  });
  throw new FarshoreError(faults.join('; '), {
    code: 'request.bad-request',
    kind: 'permanent',
    operation: 'read request',
    hint: 'see /openapi.json',
  });
}

export function mount(router: IRouter, routes: readonly Route[]): void {
  for (const definition of routes) {
    const path = definition.path.replaceAll(/\{(\w+)\}/g, ':$1');
    router[definition.method](path, async (request, response) => {
      const hangUp = new AbortController();
      response.on('close', () => hangUp.abort());
      const reply = await definition.handle({
        params: request.params as Record<string, string>,
        query: request.query,
        headers: request.headers,
        body: request.body as unknown,
        precondition: precondition(request),
        accepts: (type) => request.accepts(['application/json', type]) === type,
        signal: hangUp.signal,
      });
      if (reply.revision !== undefined) response.set('ETag', `"${reply.revision}"`);
      response.status(reply.status ?? definition.status);
      if (reply.text !== undefined) response.type(reply.text.type).send(reply.text.content);
      else if (reply.body === undefined) response.end();
      else response.json(reply.body);
    });
  }
}

function precondition(request: Request): Precondition {
  if (request.get('If-None-Match') === '*') return null;
  const ifMatch = request.get('If-Match');
  if (ifMatch === undefined || ifMatch === '*') return undefined;
  const revision = /^"(\d+)"$/.exec(ifMatch)?.[1];
  if (revision !== undefined) return Number(revision);
  throw new FarshoreError(`If-Match is ${ifMatch}, expected the ETag of an earlier answer`, {
    code: 'request.bad-request',
    kind: 'permanent',
    operation: 'read request',
  });
}
