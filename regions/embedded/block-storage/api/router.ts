import type { Reply } from '../../http/reply.ts';
import type { ApiRequest } from './request.ts';

/** `ids` are the path's parts that the pattern left open, decoded. */
export type Handler = (request: ApiRequest, ...ids: string[]) => Promise<Reply>;

/** By `METHOD /pattern`, where `:` stands for one part: `GET /volumes/:/metadata/:`. */
export type Routes = Readonly<Record<string, Handler>>;

interface Route {
  readonly method: string;
  readonly parts: readonly string[];
  readonly handler: Handler;
}

export interface Match {
  readonly handler: Handler;
  readonly ids: readonly string[];
}

/** Finds a request's handler. Patterns are tried in order, so that fixed parts come before open ones. */
export class Router {
  readonly #routes: readonly Route[];

  constructor(groups: readonly Routes[]) {
    this.#routes = groups.flatMap((group) =>
      Object.entries(group).map(([pattern, handler]) => {
        const [method = '', path = ''] = pattern.split(' ');
        return { method, parts: path.slice(1).split('/'), handler };
      }),
    );
  }

  find(method: string, parts: readonly string[]): Match | undefined {
    for (const { handler, ...route } of this.#routes) {
      if (route.method !== method || route.parts.length !== parts.length) continue;
      const isSame = route.parts.every((part, at) =>
        part === ':' ? parts[at] !== '' : part === parts[at],
      );
      if (isSame) return { handler, ids: parts.filter((_, at) => route.parts[at] === ':') };
    }
    return undefined;
  }
}
