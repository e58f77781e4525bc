import { isoTime, type Clock } from '../../kernel/clock.ts';
import type { Log } from '../../kernel/log.ts';
import { moverOf, resourceKey, type Copy, type Movers, type TargetContext } from '../mover.ts';
import { kindOf } from '../kinds.ts';
import { isUnderstood } from '../point/formats.ts';
import { recordLostManifest } from '../point/lost-manifest.ts';
import { lookAtManifest } from '../point/read-manifest.ts';
import type { RecoveryPoint } from '../point/types.ts';
import type { Ledger } from '../session/ledger.ts';
import { recordDamage, recordWhole, suspectsAmong, type Holders, type Suspects } from './record.ts';

/** How far a round has come: everything before it, in the order of kinds and of what they store, was read. */
export interface ScrubPlace {
  readonly kind: string;
  /** See `Scrubbed`. */
  readonly upTo: string;
}

export interface ScrubStep {
  readonly place: ScrubPlace;
  /** Copies that were found damaged in it. */
  readonly damaged: number;
}

export interface ScrubDeps {
  readonly movers: Movers;
  readonly ledger: Pick<Ledger, 'points' | 'recordChecks'>;
  /** Of the region that is read. */
  readonly at: TargetContext;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Reads again all that the group's points have in the region, each stored thing once, and records what it
 * finds before it says how far it is: broken off anywhere and gone on with from the last step, nothing is
 * left out. Whoever lets it run keeps everything else from deleting there meanwhile. Throws what the region
 * throws when it cannot be asked: that says nothing about the points.
 */
export async function* scrubPoints(
  round: { readonly suspects: Suspects; readonly after: ScrubPlace | null },
  deps: ScrubDeps,
): AsyncGenerator<ScrubStep> {
  const { movers, ledger, at, clock, log } = deps;
  const { group } = at;
  const all = await ledger.points(group);
  const among = all.map(({ id }) => id);
  const { holders, read } = await copiesOf(pointsIn(all, at), deps);
  for (const kind of Object.keys(movers).toSorted()) {
    if (round.after !== null && kind < round.after.kind) continue;
    const copies = [...holders.keys()].filter((copy) => copy.kind === kind);
    const after = kind === round.after?.kind ? round.after.upTo : '';
    for await (const { upTo, damage } of moverOf(movers, kind).scrub(copies, after, at)) {
      at.signal.throwIfAborted();
      if (damage.length > 0) {
        const [first] = damage.flatMap(({ findings }) => findings);
        log.warn('scrub found damage', { group, region: at.target.region, first });
        await recordDamage(group, { damage, holders, among, at: isoTime(clock.now()) }, ledger);
      }
      yield { place: { kind, upTo }, damaged: damage.length };
    }
  }
  at.signal.throwIfAborted();
  const found = { suspects: round.suspects, points: read, at: isoTime(clock.now()) };
  const healed = await recordWhole(group, found, ledger);
  if (healed.length > 0) log.info('scrub found whole what was damaged', { group, points: healed });
}

/** What a round has to know of its beginning. */
export async function beginRound({ ledger, at }: Pick<ScrubDeps, 'ledger' | 'at'>): Promise<{
  readonly suspects: Suspects;
  readonly after: null;
}> {
  return { suspects: suspectsAmong(pointsIn(await ledger.points(at.group), at)), after: null };
}

function pointsIn(
  points: readonly RecoveryPoint[],
  { target }: TargetContext,
): readonly RecoveryPoint[] {
  return points.filter(
    (point) => point.region === target.region && point.state !== 'expiring' && isUnderstood(point),
  );
}

/** Each copy once, with the points that have it, or one of the very same bytes; and the points whose manifest could be read. */
async function copiesOf(
  points: readonly RecoveryPoint[],
  deps: ScrubDeps,
): Promise<{ readonly holders: Holders; readonly read: readonly string[] }> {
  const holders = new Map<Copy, string[]>();
  const known = new Map<string, Copy>();
  const read: string[] = [];
  for (const point of points) {
    const copies = await readCopies(point, deps);
    if (copies !== null) read.push(point.id);
    for (const copy of copies ?? []) {
      const identity = JSON.stringify(kindOf(copy.kind).identity(copy));
      const key = `${resourceKey(copy.resource)} ${copy.bytes} ${copy.objects} ${identity}`;
      const same = known.get(key) ?? copy;
      known.set(key, same);
      holders.set(same, [...(holders.get(same) ?? []), point.id]);
    }
  }
  return { holders, read };
}

/** Null: a manifest that is lost or altered is damage of its point alone, and said of it once. */
async function readCopies(point: RecoveryPoint, deps: ScrubDeps): Promise<readonly Copy[] | null> {
  const { at, ledger, clock, log } = deps;
  const { bank, signal } = at;
  const look = await lookAtManifest(bank, point, signal);
  if (look.state === 'read') return look.copies;
  if (look.state === 'damaged')
    await recordLostManifest(point, { ledger, bank, clock, log, signal });
  return null;
}
