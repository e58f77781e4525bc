import { FarshoreError } from '../../kernel/errors.ts';
import type { Log } from '../../kernel/log.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Bank } from '../bank/bank.ts';
import type { Movers, TargetContext } from '../mover.ts';
import { encodeManifest, manifestSha256 } from '../point/manifest.ts';
import type { PointManifest } from '../point/types.ts';
import type { Retention } from '../policy.ts';
import { decideRetention } from '../retention/decide.ts';
import { expirePoints } from '../retention/expire-points.ts';
import { manifestOf } from './point.ts';
import type { Ledger, Session } from './types.ts';

export interface Sealed {
  readonly body: Buffer;
  readonly manifest: { readonly object: string; readonly sha256: string };
  readonly previous: PointManifest['previous'];
}

/**
 * The manifest's bytes and hash. The link to the point before is chosen once and kept in the session,
 * so that points which go meanwhile do not change the bytes.
 */
export async function seal(session: Session, ledger: Ledger): Promise<Sealed> {
  const previous =
    session.previous === undefined ? await newestOther(session, ledger) : session.previous;
  const body = encodeManifest(manifestOf(session, previous));
  const object = `${session.group}/points/${session.pointId}.json`;
  return { body, manifest: { object, sha256: manifestSha256(body) }, previous };
}

/** Written and read back: Swift's word that it has it is not taken for it. */
export async function writeManifest(
  session: Session,
  sealed: Sealed,
  bank: Bank,
  signal: AbortSignal,
): Promise<void> {
  const written = await bank.writeManifest(session.group, session.pointId, sealed.body, signal);
  const read = await bank.readManifest(session.group, session.pointId, signal);
  if (read?.equals(sealed.body) === true && written.object === sealed.manifest.object) return;
  const found = read === null ? 'nothing' : `${read.length} other bytes`;
  throw new FarshoreError(`wrote ${sealed.body.length} bytes and read back ${found}`, {
    code: 'bank.manifest-altered',
    kind: 'transient',
    operation: 'write manifest',
    subject: `${bank.container}/${written.object}`,
    hint: "check the health of the secondary's object store",
  });
}

/** The newest of the kept points: a transaction can compare so many things. */
const comparedAtMost = 64;

/** What retention lets go, and what an earlier process left `expiring`. */
export async function expireByPolicy(
  session: Session,
  deps: {
    readonly ledger: Ledger;
    readonly movers: Movers;
    readonly retention: Retention;
    readonly at: TargetContext;
    readonly held: (group: string, point: string) => Promise<boolean>;
    readonly clock: Clock;
    /** By how much the clock is ahead of the regions': points are not old because of that. */
    readonly aheadMs: number;
    readonly log: Log;
  },
): Promise<void> {
  if (deps.aheadMs > 0)
    deps.log.warn('the clock of this controller is ahead of a region', { aheadMs: deps.aheadMs });
  const points = await deps.ledger.points(session.group);
  const here = points.filter(({ region }) => region === session.targetRegion);
  const { keep, drop } = decideRetention(here, deps.retention, deps.clock.now() - deps.aheadMs);
  const proven = keep.filter(({ point }) => point.state === 'proven').map(({ point }) => point.id);
  await expirePoints(drop, { ...deps, kept: proven.slice(0, comparedAtMost) });
}

async function newestOther(session: Session, ledger: Ledger): Promise<PointManifest['previous']> {
  const points = await ledger.points(session.group);
  const newest = points.find(
    ({ id, region }) => id !== session.pointId && region === session.targetRegion,
  );
  return newest === undefined ? null : { id: newest.id, sha256: newest.manifest.sha256 };
}
