import { hasStatus } from '../../regions/http/request-error.ts';
import type { CopyOptions, ObjectStore, Written } from '../../regions/object-store/types.ts';

/** Where an object lies, in one of the accounts of a store. */
export interface Place {
  readonly store: ObjectStore;
  readonly container: string;
  readonly object: string;
}

/** Accounts of one store that it was seen not to copy from, so that it is not asked for each object. */
const refusals = new WeakMap<ObjectStore, Set<string>>();

/** `projectId`: that of the account, where it is known. */
interface Source {
  readonly store: ObjectStore;
  readonly projectId: string | undefined;
}

/** Within one account always; across accounts as long as the store was not seen to refuse it. */
export function mayCopyInside({ store, projectId }: Source, to: ObjectStore): boolean {
  if (store.account === to.account) return true;
  return projectId !== undefined && refusals.get(to)?.has(store.account) !== true;
}

/** What this process can read and the store did not copy, it does not copy from there. */
export function rememberRefusal(from: ObjectStore, to: ObjectStore): void {
  refusals.set(to, (refusals.get(to) ?? new Set()).add(from.account));
}

/**
 * A copy inside the store, which moves nothing: across accounts only where the store does that for us (Swift
 * with a read ACL or for its administrator; Ceph answers 404). `refused`: it has to pass through this
 * process, if there is anything at all.
 */
export async function copyInside(
  from: Place & Source,
  to: Place,
  options: Omit<CopyOptions, 'sourceProjectId'>,
): Promise<Written | 'missing' | 'refused'> {
  if (!mayCopyInside(from, to.store)) return 'refused';
  const isOwn = from.store.account === to.store.account;
  const { projectId: sourceProjectId } = from;
  try {
    const across = isOwn || sourceProjectId === undefined ? {} : { sourceProjectId };
    const written = await to.store.copy(
      { container: from.container, object: from.object },
      { container: to.container, object: to.object },
      { ...options, ...across },
    );
    return written ?? (isOwn ? 'missing' : 'refused');
  } catch (error) {
    if (isOwn || !hasStatus(error, 401, 403)) throw error;
    return 'refused';
  }
}
