import { hasStatus } from '../../regions/http/request-error.ts';
import type { HeaderMap } from '../../regions/object-store/types.ts';
import { copyInside, mayCopyInside, rememberRefusal, type Place } from './copy-inside.ts';
import { relayObject, type RelayDeps } from './relay.ts';

export interface CopyOrder {
  readonly from: Place;
  readonly to: Place & {
    /** The project that the account is named after. */
    readonly projectId: string;
    /** All properties of the new object, `content-type` included: nothing else is carried over. */
    readonly headers: HeaderMap;
  };
  readonly bytes: number;
}

/** `present`: there is an object of that name, which was left as it is. `missing`: there is nothing to copy. */
export type Copied = 'made' | 'present' | 'missing';

/**
 * One object of one store into a new one in another place of the same store: by a copy inside it, else through
 * this process.
 *
 * The name is looked at before, and what is there is left. A condition cannot say so: Swift asks an
 * `If-None-Match` of a copy's source. A copy that the proxy has begun carries the time of its beginning, so
 * that what a user writes later wins, however long it takes; one that waits before the proxy, after its
 * client has gone, can still hide what was written meanwhile. What passes through this process has the
 * condition.
 */
export async function copyObject(order: CopyOrder, deps: RelayDeps): Promise<Copied> {
  const { to } = order;
  const { signal } = deps;
  const from = { ...order.from, projectId: projectOf(order.from.store.account, to) };
  if (!mayCopyInside(from, to.store)) return await relay(order, deps);
  const options = { newest: true, symlink: true, manifest: true, signal };
  if ((await to.store.head(to.container, to.object, options)) !== null) return 'present';
  const headers = { ...to.headers, 'x-fresh-metadata': 'true' };
  const copied = await copyInside(from, to, { headers, signal });
  if (copied === 'missing') return 'missing';
  if (copied !== 'refused') {
    deps.progress.copied({ objects: 1, bytes: order.bytes });
    return 'made';
  }
  const relayed = await relay(order, deps);
  if (relayed !== 'missing') rememberRefusal(from.store, to.store);
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
