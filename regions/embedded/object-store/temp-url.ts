import type { Reply } from '../http/reply.ts';
import type { Access, Core, Request } from './request.ts';

/** Undefined: the request has no signature. Throws a Refusal of 401 for one that opens nothing. */
export function tempUrlAccess(_core: Core, _request: Request): Promise<Access | undefined> {
  return Promise.resolve(undefined);
}

/** The answer with what a temporary URL adds and hides. */
export function asTempUrlReply(_request: Request, reply: Reply): Reply {
  return reply;
}
