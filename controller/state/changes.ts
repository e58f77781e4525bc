import { isDeepStrictEqual } from 'node:util';
import { resourceKey } from '../../replicator/mover.ts';
import { currentClaim } from '../cluster/current-claim.ts';
import type { Claims } from '../cluster/types.ts';
import { atomically } from '../store/atomically.ts';
import { put, remove, type Store, unchanged } from '../store/store.ts';
import { auditEntry } from './audit.ts';
import { readGroup } from './groups.ts';
import { keys } from './keys.ts';
import type { AuditRecord, MemberChange } from './records.ts';
import { refused } from './refusals.ts';

export async function readChanges(store: Store, group: string): Promise<readonly MemberChange[]> {
  return (await store.get(keys.changes(group)))?.value.changes ?? [];
}

/**
 * By whoever begins a session of the group. `seen` is what `next` was worked out from: what an
 * operator let go since is not brought back, the next session finds it out anew.
 */
export async function saveChanges(
  group: string,
  seen: readonly MemberChange[],
  next: readonly MemberChange[],
  { store, claims }: { readonly store: Store; readonly claims: Pick<Claims, 'compareOf'> },
): Promise<void> {
  if (isDeepStrictEqual(seen, next)) return;
  await atomically(store, async () => {
    const claim = await currentClaim(store, claims, 'session', group);
    const stored = await store.get(keys.changes(group));
    const isSame = isDeepStrictEqual(stored?.value.changes ?? [], seen);
    const key = keys.changes(group);
    const operations = next.length === 0 ? [remove(key)] : [put(key, { changes: next })];
    return {
      compares: [claim, unchanged(key, stored)],
      operations: isSame ? operations : [],
      result: undefined,
    };
  });
}

/**
 * An operator says that what happened to the resource is as it should be: its old copies go by the
 * policy again. Released already, nothing changes.
 */
export async function releaseResource(
  group: string,
  resource: string,
  { audit, id }: { readonly audit: AuditRecord; readonly id: string },
  store: Store,
): Promise<MemberChange> {
  const { result } = await atomically(store, async () => {
    await readGroup(store, group);
    const key = keys.changes(group);
    const stored = await store.get(key);
    const changes = stored?.value.changes ?? [];
    const found = changes.find((each) => resourceKey(each.resource) === resource);
    if (found === undefined) throw nothingToRelease(group, resource, changes);
    if (found.releasedAt !== undefined) return { compares: [], operations: [], result: found };
    // Of what is lost the newest point still knows: it is forgotten when that does not any more.
    const isLost = found.change === 'lost' || found.change === 'replaced';
    const left = isLost ? [{ ...found, releasedAt: audit.at }] : [];
    const next = changes.flatMap((each) => (each === found ? left : [each]));
    return {
      compares: [unchanged(key, stored)],
      operations: [
        next.length === 0 ? remove(key) : put(key, { changes: next }),
        auditEntry(audit, id),
      ],
      result: found,
    };
  });
  return result;
}

function nothingToRelease(
  group: string,
  resource: string,
  changes: readonly MemberChange[],
): Error {
  const open = changes.filter(({ releasedAt }) => releasedAt === undefined);
  const names = open.map((each) => resourceKey(each.resource)).join(', ');
  return refused(
    'group.nothing-to-release',
    'release resource',
    `${group}/${resource}`,
    'nothing of it is kept beyond the policy',
    names === '' ? 'nothing of the group is' : `there are: ${names}`,
  );
}
