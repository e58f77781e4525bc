import type { Log } from '../../kernel/log.ts';
import type { Bank } from '../bank/bank.ts';
import { resourceKey, type Copy, type Depth, type Finding } from '../mover.ts';
import type { Ledger } from '../session/ledger.ts';
import { storedThingsOf } from './copies.ts';
import type { MemberChecks } from './members.ts';
import { isManifestDamage, readManifest } from './read-manifest.ts';
import type { RecoveryPoint } from './types.ts';

interface RecordDeps {
  readonly ledger: Pick<Ledger, 'points' | 'recordChecks'>;
  readonly bank: Bank;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Records what a check found in a point, and what that means for the others of its group in the same
 * region, in one transaction: points share what is stored, so what is damaged for one is damaged for
 * every one that refers to it, and what was read and is whole is whole for all. Gives the point's head
 * as it is then; null: it is gone. Killed before the transaction: nothing is recorded, the check is
 * made again.
 */
export async function recordChecks(
  point: RecoveryPoint,
  found: {
    readonly checks: MemberChecks;
    readonly depth: Depth;
    readonly at: string;
    /** The point was committed with them: they are for the others. */
    readonly isKnown?: boolean;
  },
  deps: RecordDeps,
): Promise<RecoveryPoint | null> {
  const { group, region } = point;
  const { checks, depth, at } = found;
  const points = new Map(found.isKnown === true ? [] : [[point.id, checks]]);
  const all = await deps.ledger.points(group);
  const others = all.filter(
    (each) => each.id !== point.id && each.region === region && each.state !== 'expiring',
  );
  const isHealing = depth === 'content' && others.some(({ checked }) => checked.damaged > 0);
  const hasDamage = [...checks.values()].some(({ damaged }) => damaged > 0);
  if (hasDamage || isHealing)
    for (const [id, spread] of await spreadTo(others, point, checks, isHealing, deps))
      points.set(id, spread);
  if (points.size === 0) return point;
  const seen = [...others, point];
  const heads = await deps.ledger.recordChecks(group, { at, depth, points }, seen);
  return heads.find(({ id }) => id === point.id) ?? null;
}

async function spreadTo(
  others: readonly RecoveryPoint[],
  point: RecoveryPoint,
  checks: MemberChecks,
  isHealing: boolean,
  deps: RecordDeps,
): Promise<ReadonlyMap<string, MemberChecks>> {
  const own = await copiesOf(point, deps);
  const damage = new Map<string, Finding[]>();
  const healed = new Set<string>();
  for (const copy of own) {
    const check = checks.get(resourceKey(copy.resource));
    if (check === undefined) continue;
    if (check.damaged === 0) for (const thing of storedThingsOf(copy)) healed.add(thing);
    for (const finding of check.findings)
      for (const thing of thingsOf(finding, copy))
        damage.set(thing, [...(damage.get(thing) ?? []), finding]);
  }
  const spread = new Map<string, MemberChecks>();
  for (const other of others) {
    if (damage.size === 0 && other.checked.damaged === 0) continue;
    const found = checksOf(other, await copiesOf(other, deps), damage, isHealing ? healed : null);
    if (found.size > 0) spread.set(other.id, found);
  }
  return spread;
}

/** Pure. What the damage of some stored things, and the wholeness of others, says of a point's copies. */
export function checksOf(
  point: RecoveryPoint,
  copies: readonly Copy[],
  damage: ReadonlyMap<string, readonly Finding[]>,
  healed: ReadonlySet<string> | null,
): MemberChecks {
  const found = new Map<string, { findings: readonly Finding[]; damaged: number }>();
  for (const copy of copies) {
    const resource = resourceKey(copy.resource);
    const member = point.members.find((each) => resourceKey(each.resource) === resource);
    if (member === undefined || member.dataTime === null) continue;
    const findings = storedThingsOf(copy).flatMap((thing) => damage.get(thing) ?? []);
    if (findings.length > 0) {
      // What was known of it before stays known.
      const before = point.checked.findings.filter((each) => each.resource === resource);
      const all = unique([...before, ...findings.map((each) => ({ ...each, resource }))]);
      found.set(resource, { findings: all, damaged: Math.max(member.damaged, all.length) });
    } else if (member.state === 'damaged' && healed !== null && isHealed(point, copy, healed))
      found.set(resource, { findings: [], damaged: 0 });
  }
  return found;
}

/** All that is known to be damaged of it was read since, by way of another point, and is whole. */
function isHealed(point: RecoveryPoint, copy: Copy, healed: ReadonlySet<string>): boolean {
  const resource = resourceKey(copy.resource);
  const member = point.members.find((each) => resourceKey(each.resource) === resource);
  const findings = point.checked.findings.filter((each) => each.resource === resource);
  // A list that was cut short does not say what else there is.
  if (findings.length === 0 || findings.length < (member?.damaged ?? 0)) return false;
  return findings.every((finding) =>
    [...thingsOf(finding, copy)].every((each) => healed.has(each)),
  );
}

/** The stored things that a finding is about; all of the copy's where it names none of them. */
function thingsOf({ subject }: Finding, copy: Copy): readonly string[] {
  const things = storedThingsOf(copy);
  const named = things.filter((thing) => subject.includes(thing.slice(thing.indexOf('/') + 1)));
  return named.length > 0 ? named : things;
}

function unique(findings: readonly Finding[]): readonly Finding[] {
  const seen = new Map(findings.map((each) => [`${each.subject} ${each.problem}`, each]));
  return [...seen.values()];
}

/** Without its manifest nobody knows what a point refers to; that it is damaged itself is its own check's matter. */
async function copiesOf(point: RecoveryPoint, deps: RecordDeps): Promise<readonly Copy[]> {
  try {
    return (await readManifest(deps.bank, point, deps.signal)).copies;
  } catch (error) {
    if (!isManifestDamage(error)) throw error;
    deps.log.warn('manifest is damaged, what its point shares with others is not known', {
      group: point.group,
      point: point.id,
      error,
    });
    return [];
  }
}
