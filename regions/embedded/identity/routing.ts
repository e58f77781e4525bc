import { type Call, decodedParts } from '../http/call.ts';
import { Refusal } from '../http/refusal.ts';
import type { Reply } from '../http/reply.ts';
import type { Session } from './tokens/session.ts';

export interface OpenRequest {
  readonly call: Call;
  /** A JSON object; empty when none was sent. */
  readonly document: unknown;
}

export interface Request extends OpenRequest {
  readonly session: Session;
}

interface Path {
  readonly method: string;
  /** `*` stands for one part, which the handler is given. */
  readonly parts: readonly string[];
}

/** Needs no token. */
export interface OpenRoute extends Path {
  readonly open: (request: OpenRequest, ...parts: string[]) => Reply | Promise<Reply>;
}

interface GuardedRoute extends Path {
  readonly handle: (request: Request, ...parts: string[]) => Reply | Promise<Reply>;
}

export type Route = OpenRoute | GuardedRoute;

export function route(method: string, path: string, handle: GuardedRoute['handle']): Route {
  return { method, parts: partsOf(path), handle };
}

export function openRoute(method: string, path: string, open: OpenRoute['open']): Route {
  return { method, parts: partsOf(path), open };
}

export interface Match {
  readonly route: Route;
  readonly parts: readonly string[];
}

/** Undefined for a path that nobody has; throws a Refusal of 405. HEAD is answered as GET. */
export function match(routes: readonly Route[], call: Call): Match | undefined {
  const parts = decodedParts(call.path.replace(/\/$/, ''));
  if (parts === undefined) return undefined;
  const here = routes.filter(
    (route) =>
      route.parts.length === parts.length &&
      route.parts.every((part, at) => (part === '*' ? parts[at] !== '' : part === parts[at])),
  );
  if (here.length === 0) return undefined;
  const method = call.method === 'HEAD' ? 'GET' : call.method;
  const route = here.find((one) => one.method === method);
  if (route !== undefined)
    return { route, parts: parts.filter((_, at) => route.parts[at] === '*') };
  const allow = here.map((one) => one.method).join(', ');
  throw new Refusal(405, 'The method is not allowed for the requested URL.', { allow });
}

function partsOf(path: string): readonly string[] {
  return path.replace(/^\//, '').split('/');
}
