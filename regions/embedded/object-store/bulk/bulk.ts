import type { Reply } from '../../http/reply.ts';
import type { Core, Request } from '../request.ts';

/** `bulk-delete` and `extract-archive`; undefined for any other request. */
export function bulkReply(_core: Core, _request: Request): Promise<Reply | undefined> {
  return Promise.resolve(undefined);
}
