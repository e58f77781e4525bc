import { resourceKey } from '../../replicator/mover.ts';
import type { Exemptions } from '../../replicator/retention/decide.ts';
import { isWithinGrace } from '../members/changes.ts';
import type { Key, Store } from '../store/store.ts';
import { keys } from './keys.ts';
import type { Holds, MemberChange } from './records.ts';

/** What of the group's points stays whatever its policy says, as the store has it now. */
export async function readExemptions(
  store: Pick<Store, 'get' | 'range'>,
  group: string,
  nowMs: number,
  graceSeconds: number,
): Promise<Exemptions> {
  const prefix = keys.holds(group);
  const [changes, holds] = [await store.get(keys.changes(group)), await store.range(prefix)];
  return exemptionsOf(changes?.value.changes ?? [], heldBy(prefix, holds), { nowMs, graceSeconds });
}

/** Pure. */
export function exemptionsOf(
  changes: readonly MemberChange[],
  held: ReadonlyMap<string, string>,
  { nowMs, graceSeconds }: { readonly nowMs: number; readonly graceSeconds: number },
): Exemptions {
  const open = changes.filter(
    ({ since, releasedAt }) =>
      releasedAt === undefined && isWithinGrace(since, nowMs, graceSeconds),
  );
  const copies = open.map(({ resource, change, since, sequence }) => ({
    resource: resourceKey(resource),
    why: `${change} since ${since}`,
    ...(sequence === undefined ? {} : { before: sequence }),
  }));
  return { held, copies };
}

/** Points that operators hold, and why. */
export function heldBy(
  prefix: Key<Holds>,
  entries: readonly { readonly path: string; readonly value: Holds }[],
): ReadonlyMap<string, string> {
  return new Map(
    entries.flatMap(({ path, value: { operator } }) =>
      operator === undefined ? [] : [[path.slice(prefix.path.length), operator.reason] as const],
    ),
  );
}
