import { resourceKey, type Copy, type Depth, type Finding } from '../mover.ts';
import { isOvertaken, type Ledger } from '../session/ledger.ts';
import { dataOf, storedThingsOf } from './copies.ts';
import type { MemberChecks } from './members.ts';
import { copiesOf, References, thingOf, thingsOf, type ReadDeps } from './shared-things.ts';
import type { NewPoint, PointMember, RecoveryPoint } from './types.ts';

interface RecordDeps extends ReadDeps {
  readonly ledger: Pick<Ledger, 'points' | 'recordChecks'>;
}

/** What a check found, and when. */
export interface Checked {
  readonly checks: MemberChecks;
  readonly depth: Depth;
  /** RFC 3339: when it ended. */
  readonly at: string;
  /**
   * By resourceKey, the serial of the newest check that was recorded when reading it began: what was found whole
   * outweighs damage of other points up to that one. Of those that are missing it outweighs none.
   */
  readonly since?: ReadonlyMap<string, number>;
}

/**
 * Records what a check found in a point, and what that means for the others of its group in the same
 * region, in one transaction: points share what is stored, so what is damaged for one is damaged for
 * every one that refers to it, and what was read and is whole is whole for all. Gives the point's head
 * as it is then; null: it is gone. Killed before the transaction: nothing is recorded, the check is
 * made again. A point that is committed meanwhile is among them, or has it from its own transaction.
 */
export async function recordChecks(
  point: RecoveryPoint,
  found: Checked,
  deps: RecordDeps,
): Promise<RecoveryPoint | null> {
  const copies = await copiesOf(point, deps);
  const heads = await record({ point, copies, found, otherwise: 'all' }, deps);
  return heads.find(({ id }) => id === point.id) ?? null;
}

/** The same of copies that are in no point yet, or whose point was committed with what was found. */
export async function recordOfCopies(
  copies: readonly Copy[],
  { group, region, id }: Pick<RecoveryPoint, 'group' | 'region' | 'id'>,
  found: Checked,
  deps: RecordDeps,
): Promise<void> {
  await record({ point: { group, region, id }, copies, found, otherwise: 'nothing' }, deps);
}

type Check = MemberChecks extends ReadonlyMap<string, infer C> ? C : never;

interface Evidence {
  /** With a state: its own members are recorded too. */
  readonly point: RecoveryPoint | Pick<RecoveryPoint, 'group' | 'region' | 'id'>;
  readonly copies: readonly Copy[];
  readonly found: Checked;
  readonly otherwise: 'all' | 'nothing';
}

async function record(evidence: Evidence, deps: RecordDeps): Promise<readonly RecoveryPoint[]> {
  const { point, found } = evidence;
  const { group, region } = point;
  const { depth, at } = found;
  const own = 'state' in point ? point : null;
  for (;;) {
    deps.signal.throwIfAborted();
    const all = await deps.ledger.points(group);
    const others = all.filter(
      (each) => each.id !== point.id && each.region === region && each.state !== 'expiring',
    );
    const points = new Map(await spreadTo(others, evidence, deps));
    if (own !== null) points.set(own.id, found.checks);
    if (points.size === 0) return [];
    const among = all.map(({ id }) => id);
    const seen = own === null ? others : [...others, own];
    try {
      const heads = await deps.ledger.recordChecks(
        group,
        { at, depth, points, of: point.id, among },
        seen,
      );
      for (const head of heads) tell(head, all, deps);
      return heads;
    } catch (error) {
      // Another point came: it may share what is damaged.
      if (!isOvertaken(error)) throw error;
    }
  }
}

/** To whoever reads the log at night: from wherever it was seen, and that it is mended too. */
function tell(
  { group, id, state, checked: { damaged, findings } }: RecoveryPoint,
  before: readonly RecoveryPoint[],
  { log }: Pick<RecordDeps, 'log'>,
): void {
  const was = before.find((each) => each.id === id)?.checked.damaged ?? 0;
  const fields = { group, point: id, state, damaged, was };
  if (damaged > was) log.warn('a recovery point is damaged', { ...fields, first: findings[0] });
  else if (damaged < was) log.info('a recovery point is less damaged than it was', fields);
}

async function spreadTo(
  others: readonly RecoveryPoint[],
  { copies, found, otherwise }: Evidence,
  deps: RecordDeps,
): Promise<ReadonlyMap<string, MemberChecks>> {
  const damage = new Map<string, Finding[]>();
  const isCut = [...found.checks.values()].some(
    ({ findings, damaged }) => damaged > findings.length,
  );
  for (const copy of copies)
    for (const finding of found.checks.get(resourceKey(copy.resource))?.findings ?? [])
      addTo(damage, thingsOf(finding, copy, otherwise), finding);
  const healed = found.depth === 'content' ? await wholeThings(others, copies, found, deps) : null;
  const references = new References(damage.keys(), deps);
  const spread = new Map<string, MemberChecks>();
  for (const other of others) {
    if (damage.size === 0 && other.checked.damaged === 0) continue;
    const whole = (thing: string) => isBefore(other.checked, healed?.get(thing));
    const known = { things: damage, isCut };
    const checks = await checksOf(other, await copiesOf(other, deps), known, references, whole);
    if (checks.size > 0) spread.set(other.id, checks);
  }
  return spread;
}

/**
 * Everything that was read and found whole, as far as others are known to be damaged in it, with its `since`: each
 * stored thing, and the data of each copy as one, of which however much may be damaged elsewhere.
 */
async function wholeThings(
  others: readonly RecoveryPoint[],
  copies: readonly Copy[],
  { checks, since }: Checked,
  deps: RecordDeps,
): Promise<ReadonlyMap<string, number>> {
  const doubtful = others.flatMap(({ checked }) => checked.findings);
  const healed = new Map<string, number>();
  if (!others.some(({ checked }) => checked.damaged > 0)) return healed;
  for (const copy of copies) {
    const key = resourceKey(copy.resource);
    const began = since?.get(key);
    if (checks.get(key)?.damaged !== 0 || began === undefined) continue;
    healed.set(dataOf(copy), began);
    for (const thing of storedThingsOf(copy)) healed.set(thing, began);
    const wanted = doubtful.flatMap(({ stored }) => (stored === undefined ? [] : [stored]));
    const references = new References(new Set(wanted.map((each) => thingOf(copy, each))), deps);
    for (const { stored } of await references.of(copy)) healed.set(thingOf(copy, stored), began);
  }
  return healed;
}

function isBefore({ serial }: RecoveryPoint['checked'], began: number | undefined): boolean {
  return began !== undefined && serial <= began;
}

function addTo(damage: Map<string, Finding[]>, things: readonly string[], finding: Finding): void {
  for (const thing of things) damage.set(thing, [...(damage.get(thing) ?? []), finding]);
}

/** What is damaged, by stored thing; `isCut`: there is more than was listed, and any of it may be shared. */
interface Damage {
  readonly things: ReadonlyMap<string, readonly Finding[]>;
  readonly isCut: boolean;
}

/** What the damage of some stored things, and the wholeness of others, says of a point's copies. */
async function checksOf(
  point: NewPoint,
  copies: readonly Copy[],
  { things: damage, isCut }: Damage,
  references: References,
  isWhole: (thing: string) => boolean,
): Promise<MemberChecks> {
  const found = new Map<string, Check>();
  for (const copy of copies) {
    const resource = resourceKey(copy.resource);
    const member = point.members.find((each) => resourceKey(each.resource) === resource);
    if (member === undefined || member.dataTime === null) continue;
    const before = point.checked.findings.filter((each) => each.resource === resource);
    const findings = [
      ...storedThingsOf(copy).flatMap((thing) => damage.get(thing) ?? []),
      ...(await references.of(copy)).flatMap(({ stored, subject }) =>
        (damage.get(thingOf(copy, stored)) ?? []).slice(0, 1).map((each) => ({ ...each, subject })),
      ),
    ];
    if (findings.length > 0) {
      const own = findings.map((each) => ({ ...each, resource }));
      const damaged = isCut ? own.length + 1 : own.length;
      found.set(resource, withKnown(point, resource, { findings: own, damaged }));
    } else if (
      member.state === 'damaged' &&
      (isWhole(dataOf(copy)) || isOutweighed(before, member, copy, isWhole))
    )
      found.set(resource, { findings: [], damaged: 0 });
  }
  return found;
}

/** A list that was cut short does not say what else there is. */
function isOutweighed(
  known: readonly Finding[],
  { damaged }: PointMember,
  copy: Copy,
  isWhole: (thing: string) => boolean,
): boolean {
  if (known.length < Math.max(1, damaged)) return false;
  return known.every((finding) => thingsOf(finding, copy).every(isWhole));
}

/**
 * Damage that is recorded of other points and was not read over since by this one's session: its head is
 * committed with that, and only as long as nothing else is recorded. `readSince`: by resourceKey, as `since` of
 * what was checked; of one that was compared with the listing only, what is known counts, however old.
 */
export async function inheritedDamage(
  { point, copies: own }: { readonly point: NewPoint; readonly copies: readonly Copy[] },
  readSince: ReadonlyMap<string, number>,
  others: readonly RecoveryPoint[],
  deps: ReadDeps,
): Promise<MemberChecks> {
  const found = new Map<string, Check>();
  for (const other of others) {
    const { id, region, state, checked } = other;
    if (id === point.id || region !== point.region) continue;
    if (state === 'expiring' || checked.damaged === 0) continue;
    const damage = new Map<string, Finding[]>();
    for (const copy of await copiesOf(other, deps)) {
      const key = resourceKey(copy.resource);
      for (const finding of other.checked.findings.filter(({ resource }) => resource === key))
        addTo(damage, thingsOf(finding, copy), finding);
    }
    if (damage.size === 0) continue;
    const references = new References(damage.keys(), deps);
    const isCut = checked.damaged > checked.findings.length;
    const known = { things: damage, isCut };
    const checks = await checksOf(point, own, known, references, () => false);
    for (const [key, check] of checks) {
      if (isBefore(other.checked, readSince.get(key))) continue;
      const { findings, damaged } = found.get(key) ?? { findings: [], damaged: 0 };
      const all = unique([...findings, ...check.findings]);
      found.set(key, { findings: all, damaged: Math.max(damaged, check.damaged, all.length) });
    }
  }
  return found;
}

/** Damage that was found of a point's copy, beside what was known of it before. */
export function withKnown(
  { members, checked }: Pick<NewPoint, 'members' | 'checked'>,
  resource: string,
  { findings, damaged }: Check,
): Check {
  const member = members.find((each) => resourceKey(each.resource) === resource);
  const before = checked.findings.filter((each) => each.resource === resource);
  const all = unique([...before, ...findings]);
  return { findings: all, damaged: Math.max(member?.damaged ?? 0, damaged, all.length) };
}

/** What was found last of each thing: one that was altered may have been taken away since. */
function unique(findings: readonly Finding[]): readonly Finding[] {
  const byWhat = findings.map((each) => {
    const { subject, stored = '' } = each;
    return [`${subject} ${stored}`, each] as const;
  });
  return [...new Map(byWhat).values()];
}
