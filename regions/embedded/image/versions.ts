import { jsonReply, type Reply } from '../http/reply.ts';

const current = 'v2.15';
const supported = ['v2.9', 'v2.7', 'v2.6', 'v2.5', 'v2.4', 'v2.3', 'v2.2', 'v2.1', 'v2.0'];
const known: ReadonlySet<string> = new Set(['v2', current, ...supported]);

/** Each of them is the same API. */
export function isVersion(part: string): boolean {
  return known.has(part);
}

/** 200 for who asks for the versions, 300 for who asks for something that is none. */
export function versionsReply(status: 200 | 300, origin: string): Reply {
  const links = [{ rel: 'self', href: `${origin}/image/v2/` }];
  const versions = [current, ...supported].map((id) => ({
    id,
    status: id === current ? 'CURRENT' : 'SUPPORTED',
    links,
  }));
  return jsonReply(status, { versions });
}
