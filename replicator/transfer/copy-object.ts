import { hasStatus } from '../../regions/http/request-error.ts';
import type { HeaderMap, ObjectStore } from '../../regions/object-store/types.ts';
import { relayObject, type RelayDeps } from './relay.ts';

export interface CopyOrder {
  readonly from: {
    readonly store: ObjectStore;
    readonly container: string;
    readonly object: string;
  };
  readonly to: {
    readonly store: ObjectStore;
    /** The project that the account is named after. */
    readonly projectId: string;
    readonly container: string;
    readonly object: string;
    /** All properties of the new object, `content-type` included: nothing else is carried over. */
    readonly headers: HeaderMap;
  };
  readonly bytes: number;
}

/** `present`: there is an object of that name, which was left as it is. `missing`: there is nothing to copy. */
export type Copied = 'made' | 'present' | 'missing';

/** Accounts of one store that it was seen not to copy from, so that it is not asked for each object. */
const refused = new WeakMap<ObjectStore, Set<string>>();

/**
 * One object of one store into a new one in another place of the same store. This is the one place that
 * decides how: by a copy inside the store, which moves nothing; across accounts only where the store does
 * that for us (Swift with a read ACL; Ceph answers 404), else through this process.
 *
 * The name is looked at before, and what is there is left. A condition cannot say so: Swift asks an
 * `If-None-Match` of a copy's source. A copy that the proxy has begun carries the time of its beginning, so
 * that what a user writes later wins, however long it takes; one that waits before the proxy, after its
 * client has gone, can still hide what was written meanwhile. What passes through this process has the
 * condition.
 */
export async function copyObject(order: CopyOrder, deps: RelayDeps): Promise<Copied> {
  const { from, to } = order;
  const isOwn = from.store.account === to.store.account;
  const sourceProjectId = isOwn ? undefined : projectOf(from.store.account, to);
  const isKnownToRefuse = refused.get(to.store)?.has(from.store.account) === true;
  if (!isOwn && (sourceProjectId === undefined || isKnownToRefuse)) return await relay(order, deps);
  const options = { newest: true, symlink: true, manifest: true, signal: deps.signal };
  if ((await to.store.head(to.container, to.object, options)) !== null) return 'present';
  try {
    const written = await to.store.copy(
      { container: from.container, object: from.object },
      { container: to.container, object: to.object },
      {
        headers: { ...to.headers, 'x-fresh-metadata': 'true' },
        ...(sourceProjectId === undefined ? {} : { sourceProjectId }),
        signal: deps.signal,
      },
    );
    if (written !== null) {
      deps.progress.copied({ objects: 1, bytes: order.bytes });
      return 'made';
    }
    if (isOwn) return 'missing';
  } catch (error) {
    if (isOwn || !hasStatus(error, 401, 403)) throw error;
  }
  const relayed = await relay(order, deps);
  // What this process can read and the store did not copy, it does not copy from there.
  if (relayed !== 'missing')
    refused.set(to.store, (refused.get(to.store) ?? new Set()).add(from.store.account));
  return relayed;
}

/** Both accounts are named by one prefix and their projects' ids. */
function projectOf(account: string, to: CopyOrder['to']): string | undefined {
  const own = to.store.account;
  if (!own.endsWith(to.projectId)) return undefined;
  const prefix = own.slice(0, own.length - to.projectId.length);
  return account.startsWith(prefix) ? account.slice(prefix.length) : undefined;
}

async function relay({ from, to }: CopyOrder, deps: RelayDeps): Promise<Copied> {
  try {
    const relayed = await relayObject(
      { from, to: { ...to, headers: () => ({ ...to.headers, 'if-none-match': '*' }) } },
      deps,
    );
    return relayed === null ? 'missing' : 'made';
  } catch (error) {
    if (hasStatus(error, 412)) return 'present';
    throw error;
  }
}
