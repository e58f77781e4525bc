import { Refusal } from '../../http/refusal.ts';
import type { Reply } from '../../http/reply.ts';
import { perform } from '../perform.ts';
import type { Core, Request } from '../request.ts';

/**
 * One of the requests that a bulk request stands for: its refusal is an answer like another, and so
 * is a fault of ours, as a logged 500, so that the rest goes on.
 */
export async function stepReply(core: Core, request: Request): Promise<Reply> {
  try {
    return await perform(core, request);
  } catch (error) {
    if (error instanceof Refusal) return { status: error.status };
    if (!request.signal.aborted)
      core.deps.ambient.log.error('a step of a bulk request failed by a fault of the region', {
        method: request.method,
        container: request.container,
        error: error instanceof Error ? error.stack : String(error),
      });
    return { status: 500 };
  }
}

/** The request that a step starts from: on the same word, with nothing else of the first one. */
export function stepOf(
  request: Request,
  change: Pick<Request, 'method' | 'container' | 'object'> & Partial<Request>,
): Request {
  return {
    ...request,
    query: new URLSearchParams(),
    headers: { 'content-length': '0' },
    ...change,
  };
}

export function isSuccess({ status }: Reply): boolean {
  return status >= 200 && status < 300;
}
