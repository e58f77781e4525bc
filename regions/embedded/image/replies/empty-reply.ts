import type { Reply } from '../../http/reply.ts';

/** Done, nothing to say; 202 for what Glance counts as begun. */
export function emptyReply(status: 202 | 204): Reply {
  return { status, headers: { 'content-type': 'text/html; charset=UTF-8' }, body: '' };
}
