import type { Copy, CopyDamage, Verification } from '../mover.ts';
import { resourceKey } from '../mover.ts';
import { withKnown } from '../point/record-checks.ts';
import type { RecoveryPoint } from '../point/types.ts';
import type { Ledger, PointChecks } from '../session/ledger.ts';

/** Ids of the points that have the copy, or one of the very same bytes. */
export type Holders = ReadonlyMap<Copy, readonly string[]>;

type Check = Pick<Verification, 'findings' | 'damaged'>;
type Heads = Pick<Ledger, 'points' | 'recordChecks'>;

/** Points that were known to be damaged when a round began: their ids, and the serial of the check that said so. */
export type Suspects = Readonly<Record<string, number>>;

/**
 * Records damage for every point whose copies have it, in one transaction; what was known of them before
 * stays known. A point that is gone by now is left alone; one that came since the copies were read (`among`)
 * makes it throw `point.others-changed`. Killed before, or refused: nothing is recorded, the same is read and
 * found again.
 */
export async function recordDamage(
  group: string,
  found: {
    readonly damage: readonly CopyDamage[];
    readonly holders: Holders;
    readonly among: readonly string[];
    readonly at: string;
  },
  ledger: Heads,
): Promise<void> {
  const heads = await ledger.points(group);
  const points = new Map<string, Map<string, Check>>();
  for (const damage of found.damage)
    for (const id of found.holders.get(damage.copy) ?? []) {
      const head = heads.find((point) => point.id === id);
      if (head === undefined) continue;
      const checks = points.get(id) ?? new Map<string, Check>();
      const key = resourceKey(damage.copy.resource);
      points.set(id, checks.set(key, withKnown(head, key, damage)));
    }
  const { at, among } = found;
  await save(group, { at, depth: 'content', points, among }, heads, ledger);
}

export function suspectsAmong(points: readonly RecoveryPoint[]): Suspects {
  const found = points.filter(({ checked }) => checked.damaged > 0);
  return Object.fromEntries(found.map(({ id, checked }) => [id, checked.serial]));
}

/**
 * At the end of a round: everything that these points name was read in it. What was known to be damaged
 * when it began, and was not found so again, is whole. A point of which any check was recorded since, this
 * round's own findings too, is left as that says.
 */
export async function recordWhole(
  group: string,
  round: { readonly suspects: Suspects; readonly points: readonly string[]; readonly at: string },
  ledger: Heads,
): Promise<readonly string[]> {
  const heads = await ledger.points(group);
  const healed = heads.filter(
    ({ id, state, checked }) =>
      state !== 'expiring' &&
      checked.damaged > 0 &&
      round.points.includes(id) &&
      round.suspects[id] === checked.serial,
  );
  const points = healed.map(({ id, members }) => {
    const damaged = members.filter(({ state }) => state === 'damaged');
    const checks = damaged.map(({ resource }) => [resourceKey(resource), whole] as const);
    return [id, new Map<string, Check>(checks)] as const;
  });
  await save(group, { at: round.at, depth: 'content', points: new Map(points) }, heads, ledger);
  return healed.map(({ id }) => id);
}

const whole: Check = { findings: [], damaged: 0 };

async function save(
  group: string,
  checked: PointChecks,
  seen: readonly RecoveryPoint[],
  ledger: Heads,
): Promise<void> {
  if (checked.points.size > 0) await ledger.recordChecks(group, checked, seen);
}
