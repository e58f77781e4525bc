import { type Clock, isoTime } from '../../kernel/clock.ts';
import type { Log } from '../../kernel/log.ts';
import type { Bank } from '../bank/bank.ts';
import type { Copy } from '../mover.ts';
import { type MemberChecks, withChecks } from '../point/members.ts';
import { inheritedDamage, recordOfCopies } from '../point/record-checks.ts';
import { linkOf, seal, writeManifest } from '../point/seal.ts';
import type { RecoveryPoint } from '../point/types.ts';
import { type Baseline, newestCopies } from './baseline.ts';
import { contentChanges } from './content-changes.ts';
import type { Journal } from './journal.ts';
import { isOvertaken, type Ledger } from './ledger.ts';
import { copiesOf, headOf, manifestOf, readChecks } from './point.ts';
import { heldKeys } from './state.ts';
import type { ContentChange, Session } from './types.ts';

/** Of a session's run, what its point needs. */
export interface CommitDeps {
  readonly journal: Journal;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly log: Log;
  readonly bank: Bank;
  readonly changeLimitPercent: number;
  /** Again and again while it fails in passing. */
  readonly patiently: <T>(what: string, attempt: () => Promise<T>) => Promise<T>;
  readonly signal: AbortSignal;
}

/** The group's points as they were when the run began, and the newest manifest that could be read. */
export interface Before {
  readonly points: readonly RecoveryPoint[];
  readonly baseline: Baseline | null;
}

/** Of a point that is to be committed, as long as nothing else is recorded of the others. */
interface KnownDamage {
  readonly others: readonly RecoveryPoint[];
  readonly damage: MemberChecks;
}

type Manifest = RecoveryPoint['manifest'];

/** The manifest is announced by its hash, written, read back; then the point and the next phase are one write. */
export async function commit({ points, baseline }: Before, deps: CommitDeps): Promise<void> {
  const { journal, bank, patiently, signal } = deps;
  const { session } = journal;
  // The link is chosen once and kept, so that points which go meanwhile do not change the bytes.
  const previous =
    session.previous === undefined
      ? linkOf(points, session.pointId, session.targetRegion)
      : session.previous;
  const content = manifestOf(session, previous, bank.installation);
  const sealed = await seal(content, bank);
  const { manifest } = sealed;
  const before = await patiently('read what there was before', () =>
    newestCopies(heldKeys(session), baseline, points, deps),
  );
  const changes = session.changes ?? changesSince(before, session, deps);
  // Before the manifest is in the bank: what fails here may do so again and again.
  const known = await knownDamage(manifest, deps);
  await journal.happened({ type: 'sealed', manifest, previous, changes });
  await patiently('write manifest', () => writeManifest(content, sealed, bank, signal));
  await commitHead(known, manifest, deps);
}

function changesSince(
  before: ReadonlyMap<string, Copy>,
  session: Session,
  { changeLimitPercent }: CommitDeps,
): readonly ContentChange[] {
  const inPoint = new Set(heldKeys(session));
  return contentChanges(before, session, changeLimitPercent).filter(({ resource }) =>
    inPoint.has(resource),
  );
}

/** What is known by now of what it shares with other points. */
async function knownDamage(manifest: Manifest, deps: CommitDeps): Promise<KnownDamage> {
  const { journal, ledger, clock, bank, log, patiently, signal } = deps;
  const { session } = journal;
  const copies = copiesOf(session);
  const read = new Set(readChecks(session).map(([key]) => key));
  const since = Object.entries(session.verifiedSince ?? {}).filter(([key]) => read.has(key));
  const others = await ledger.points(session.group);
  const point = headOf(session, manifest, isoTime(clock.now()));
  const damage = await patiently('look for what is damaged of it', () =>
    inheritedDamage({ point, copies }, new Map(since), others, { bank, log, signal }),
  );
  return { others, damage };
}

/** With the damage that is known by then: looked for again until that is all. */
async function commitHead(first: KnownDamage, manifest: Manifest, deps: CommitDeps): Promise<void> {
  const { journal } = deps;
  const { session } = journal;
  for (let known = first; ; known = await knownDamage(manifest, deps))
    try {
      const { others, damage } = known;
      await journal.committed(
        (at) => withChecks(headOf(session, manifest, at), damage, 'listing', at),
        others,
      );
      return;
    } catch (error) {
      if (!isOvertaken(error)) throw error;
    }
}

/** What this session read back and found whole is whole for every point that shares it. */
export async function recordWhole(deps: CommitDeps): Promise<void> {
  const { ledger, clock, bank, log, signal } = deps;
  const { session } = deps.journal;
  const points = await ledger.points(session.group);
  const own = points.find(({ id }) => id === session.pointId);
  if (own === undefined || !points.some(({ checked }) => checked.damaged > 0)) return;
  const at = isoTime(clock.now());
  const since = new Map(Object.entries(session.verifiedSince ?? {}));
  const found = { checks: new Map(readChecks(session)), depth: 'content', at, since } as const;
  await recordOfCopies(copiesOf(session), own, found, { ledger, bank, log, signal });
}
