import { FarshoreError } from '../../kernel/errors.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Log } from '../../kernel/log.ts';
import { inRestoreOrder } from '../kinds.ts';
import { moverOf, type Copy, type Movers, type TargetContext } from '../mover.ts';
import { catalogsOf } from '../point/copies.ts';
import { requireAllUnderstood } from '../point/formats.ts';
import { recordLostManifest } from '../point/lost-manifest.ts';
import { isManifestDamage, readManifest } from '../point/read-manifest.ts';
import { isUsable } from '../point/members.ts';
import type { RecoveryPoint } from '../point/types.ts';
import type { KeptPoint, Ledger } from '../session/ledger.ts';
import { copiesOfSession, unpointedCopies } from '../session/unpointed.ts';
import { orphansOf } from './unknown-points.ts';

export interface ExpireDeps {
  readonly ledger: Pick<
    Ledger,
    'points' | 'expirePoint' | 'removePoint' | 'session' | 'pointless' | 'recordChecks'
  >;
  readonly movers: Movers;
  readonly at: TargetContext;
  /** Points because of which the others may go; absent: they go whatever there is. */
  readonly kept?: readonly KeptPoint[];
  /** True while an execution uses the point. */
  readonly held: (group: string, point: string) => Promise<boolean>;
  readonly clock: Clock;
  readonly log: Log;
  /** Nothing goes on from what its sessions shipped: what the newest has in this region goes too. */
  readonly isGroupGoing?: boolean;
}

/**
 * Deletes points and what only they need from the secondary, and finishes what an earlier process
 * began. Never beside a session of the same group: what a session just wrote is in no manifest yet.
 *
 * Order, and what a kill leaves: (1) heads become `expiring`: not offered any more, data whole.
 * (2) Movers delete data, (3) catalogs are swept, (4) manifests deleted, (5) heads removed: at each
 * step the head is still `expiring`, so the next call does the rest. A manifest that is gone says that
 * steps 2 and 3 were done for it.
 *
 * Holds: asked before step 1 and again after it; whoever takes a hold looks at the state afterwards.
 * So either the execution sees `expiring`, or it is seen here, and the point waits until it is let go.
 *
 * Decided on what is no more: a check may find a kept point damaged meanwhile. So step 1 compares the
 * points that are kept, and throws `retention.kept-changed` (transient): decided again, the older stays.
 *
 * Nothing is deleted in a bank that is another installation's by now, nor while it holds a manifest that
 * nobody knows of: what that point needs might be among it. A manifest that a session wrote and never
 * committed goes with the rest.
 *
 * Nothing goes while a point is there that a newer release wrote (`point.not-understood`), for the same reason.
 *
 * Lying input: nothing is deleted on the word of a manifest whose hash is not the head's; its data is
 * left, and said. If a kept point of which something counts as proven has no readable manifest, nobody knows what it
 * needs: that is recorded, and nothing is deleted at all this time. Known to be damaged, it holds up nothing.
 */
export async function expirePoints(
  dropped: readonly RecoveryPoint[],
  deps: ExpireDeps,
): Promise<{ readonly removed: number }> {
  const { ledger, at, log } = deps;
  const all = await ledger.points(at.group);
  const here = all.filter(({ region }) => region === at.target.region);
  requireAllUnderstood(here, 'expire recovery points');
  for (const point of dropped) {
    at.signal.throwIfAborted();
    if (point.state === 'expiring' || (await deps.held(point.group, point.id))) continue;
    await ledger.expirePoint(point.group, point.id, deps.kept ?? []);
  }
  const { going, staying } = await partition(deps);
  const shipped = await copiesOfGoingGroup(deps);
  if (going.length === 0 && shipped.length === 0) return { removed: 0 };
  await at.bank.requireOwned(at.signal);
  const orphans = await orphansOf(at.group, ledger, at.bank, at.signal);

  const shared = new Map<string, unknown>();
  const gone = [...(await copiesOfGoing(going, shared, deps)), ...shipped];
  const kept = await copiesOfStaying(staying, shared, deps);
  // What needs others goes before what it needs.
  const kinds = inRestoreOrder([...new Set(gone.map((copy) => copy.kind))], (kind) => kind);
  for (const kind of kinds.flat().reverse()) {
    const ofKind = gone.filter((copy) => copy.kind === kind);
    const others = kept.filter((copy) => copy.kind === kind);
    await moverOf(deps.movers, kind).expire(ofKind, others, at);
  }
  await at.bank.sweepCatalogs(at.group, new Set(kept.flatMap(catalogsOf)), at.signal);
  for (const orphan of orphans) await at.bank.deleteManifest(at.group, orphan, at.signal);
  for (const point of going) {
    await at.bank.deleteManifest(point.group, point.id, at.signal);
    await ledger.removePoint(point.group, point.id);
    log.info('recovery point expired', { group: point.group, point: point.id });
  }
  return { removed: going.length };
}

async function partition(
  deps: ExpireDeps,
): Promise<{ readonly going: RecoveryPoint[]; readonly staying: RecoveryPoint[] }> {
  const going: RecoveryPoint[] = [];
  const staying: RecoveryPoint[] = [];
  for (const point of await deps.ledger.points(deps.at.group)) {
    if (point.region !== deps.at.target.region) continue;
    const isGoing = point.state === 'expiring' && !(await deps.held(point.group, point.id));
    (isGoing ? going : staying).push(point);
  }
  return { going, staying };
}

async function copiesOfGoing(
  going: readonly RecoveryPoint[],
  shared: Map<string, unknown>,
  deps: ExpireDeps,
): Promise<readonly Copy[]> {
  const copies: Copy[] = [];
  for (const point of going) {
    try {
      copies.push(...(await sharedCopies(point, shared, deps)));
    } catch (error) {
      if (!isManifestDamage(error)) throw error;
      if (error.code === 'point.manifest-missing') continue;
      deps.log.warn('manifest of an expired point is damaged, its data is left', {
        group: point.group,
        point: point.id,
        error,
      });
    }
  }
  return copies;
}

/** A session that came to no point, or was superseded, has left its copies to nobody. */
async function copiesOfGoingGroup({
  ledger,
  at,
  isGroupGoing = false,
}: ExpireDeps): Promise<readonly Copy[]> {
  const session = isGroupGoing ? await ledger.session(at.group) : null;
  return session?.targetRegion === at.target.region ? copiesOfSession(session) : [];
}

async function copiesOfStaying(
  staying: readonly RecoveryPoint[],
  shared: Map<string, unknown>,
  deps: ExpireDeps,
): Promise<readonly Copy[]> {
  // A session that waits to be taken up again, and the next one, count on what was shipped.
  const session = await deps.ledger.session(deps.at.group);
  const isDone = session === null || deps.isGroupGoing === true;
  const copies: Copy[] = isDone ? [] : [...unpointedCopies(session)];
  for (const point of staying) {
    try {
      copies.push(...(await sharedCopies(point, shared, deps)));
    } catch (error) {
      if (!isManifestDamage(error)) throw error;
      // Known to be damaged: without its manifest nothing can be restored from it any more.
      if (!isUsable(point)) continue;
      const { ledger, clock, log, at } = deps;
      await recordLostManifest(point, { ledger, bank: at.bank, clock, log, signal: at.signal });
      throw unknownNeeds(point, error);
    }
  }
  return copies;
}

/** Points repeat each other, such as the chains of a volume's backups: a part is held in memory once. */
async function sharedCopies(
  point: RecoveryPoint,
  shared: Map<string, unknown>,
  deps: ExpireDeps,
): Promise<readonly Copy[]> {
  const manifest = await readManifest(deps.at.bank, point, deps.at.signal);
  return manifest.copies.map((copy) => withSharedParts(copy, shared));
}

/** Equal in every field; the items of its lists are those of the copies before, where they are equal. */
function withSharedParts<P extends Copy>(copy: P, shared: Map<string, unknown>): P {
  const fields = Object.entries(copy).map(([name, value]: [string, unknown]) => {
    if (!Array.isArray(value)) return [name, value];
    const parts = value.map((part: unknown) => {
      const key = JSON.stringify(part);
      const known = shared.get(key) ?? part;
      shared.set(key, known);
      return known;
    });
    return [name, parts];
  });
  return Object.fromEntries(fields) as P;
}

function unknownNeeds(point: RecoveryPoint, cause: FarshoreError): FarshoreError {
  return new FarshoreError('a proven point has no readable manifest, so nothing is expired', {
    code: 'retention.needs-unknown',
    kind: 'permanent',
    operation: 'expire recovery points',
    subject: `${point.group}/${point.id}`,
    hint: `it counts as damaged from now on, which the next session goes on with; farshore point verify ${point.group} ${point.id} looks at it again`,
    cause,
  });
}
