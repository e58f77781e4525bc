import { type Call, header } from '../http/call.ts';
import { Refusal } from '../http/refusal.ts';
import type { Reply } from '../http/reply.ts';
import type { Service } from '../http/service.ts';
import type { Requester } from '../identity/authority.ts';
import type { ServiceDeps } from '../service-deps.ts';
import { imageRequest, undecodable } from './image-request.ts';
import { ImageStore } from './records/image-store.ts';
import { errorPage } from './replies/error-page.ts';
import { badRequest, unauthorized } from './replies/image-refusal.ts';
import { route } from './routes.ts';
import { isVersion, versionsReply } from './versions.ts';

/** Glance's API v2, as release 25 (Zed) with the file store serves it. */
export async function openImageService(deps: ServiceDeps): Promise<Service> {
  return new EmbeddedImages(deps, await ImageStore.open(deps));
}

class EmbeddedImages implements Service {
  readonly #deps: ServiceDeps;
  readonly #store: ImageStore;
  /** Requests under way: the store is closed after them. */
  readonly #running = new Set<Promise<Reply>>();

  constructor(deps: ServiceDeps, store: ImageStore) {
    this.#deps = deps;
    this.#store = store;
  }

  async handle(call: Call): Promise<Reply> {
    if (call.method === 'OPTIONS') return { status: 200, body: '' };
    const [version = '', ...path] = pathOf(call);
    if (version === 'versions') return versionsReply(200, call.origin);
    if (version === 'healthcheck' && path.length === 0) return healthy;
    if (!isVersion(version)) return versionsReply(300, call.origin);
    const requester = await this.#deps.authority.check(header(call, 'x-auth-token'));
    if (requester === undefined) throw unauthorized(call.origin);
    const reply = this.#served(call, requester, path);
    this.#running.add(reply);
    try {
      return withRequestId(await reply, this.#store.newId());
    } finally {
      this.#running.delete(reply);
    }
  }

  refuse(refusal: Refusal, call: Call): Reply {
    return errorPage(refusal, header(call, 'accept'));
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#running);
    await this.#store.close();
  }

  async #served(call: Call, requester: Requester, path: readonly string[]): Promise<Reply> {
    if (path.length === 0) return toSlash(call.origin);
    try {
      const { action, parts } = route(call, path);
      return await action(imageRequest(call, requester, parts), this.#store);
    } catch (error) {
      if (error instanceof Refusal) return this.refuse(error, call);
      throw error;
    }
  }
}

const healthy: Reply = {
  status: 200,
  headers: { 'content-type': 'text/plain; charset=UTF-8' },
  body: 'OK',
};

function toSlash(origin: string): Reply {
  const headers = { location: `${origin}/image/v2/`, 'content-type': 'text/plain; charset=utf8' };
  return { status: 302, headers, body: '' };
}

/**
 * The path's parts, decoded before they are told apart as Python's servers do; repeated slashes are
 * one around the version. Throws a refusal of 400.
 */
function pathOf({ path }: Call): readonly string[] {
  try {
    const decoded = decodeURIComponent(path).replace(/^\/+/, '');
    return decoded.replace(/^([^/]+)\/{2,}/, '$1/').split('/');
  } catch {
    throw badRequest(undecodable);
  }
}

function withRequestId(reply: Reply, id: string): Reply {
  return { ...reply, headers: { ...reply.headers, 'x-openstack-request-id': `req-${id}` } };
}
