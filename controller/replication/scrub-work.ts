import { isoTime } from '../../kernel/clock.ts';
import { noProgress } from '../../kernel/progress.ts';
import type { Ambient } from '../../kernel/ambient.ts';
import type { Movers } from '../../replicator/mover.ts';
import { limited } from '../../replicator/scrub/limited.ts';
import { beginRound, scrubPoints } from '../../replicator/scrub/scrub-points.ts';
import type { Ledger } from '../../replicator/session/ledger.ts';
import { Rate } from '../../replicator/transfer/rate.ts';
import { claimLost } from '../cluster/held-claims.ts';
import type { Claim } from '../cluster/types.ts';
import type { Sites } from '../sites.ts';
import { restoreRegion, readGroup } from '../state/groups.ts';
import { keys } from '../state/keys.ts';
import type { ScrubRecord } from '../state/records.ts';
import { notFound } from '../state/refusals.ts';
import { put, type Store } from '../store/store.ts';
import { targetContext } from '../target-context.ts';
import { scrubDue } from './scrub-due.ts';

export interface ScrubWorkDeps {
  readonly store: Store;
  readonly ledger: Pick<Ledger, 'points' | 'recordChecks'>;
  readonly sites: Sites;
  readonly movers: Movers;
  readonly ambient: Ambient;
}

type Round = NonNullable<ScrubRecord['round']>;

/** What was read is read again after a kill, up to so much of it. */
const saveEveryMs = 10_000;

/**
 * A group's round, begun or gone on with, until it is over or `isOver` says so. Whoever calls it holds the
 * claim of the group's session: nothing is deleted in the bank meanwhile, so that what is missing there is
 * missing. Progress is saved after what it found is recorded, and only as long as the claim is held.
 */
export async function scrubGroup(
  group: string,
  {
    claim,
    isOver,
    signal,
  }: {
    readonly claim: Claim;
    readonly isOver: () => boolean;
    readonly signal: AbortSignal;
  },
  deps: ScrubWorkDeps,
): Promise<void> {
  const { store, ambient } = deps;
  const { clock, log } = ambient;
  const { record, head } = await readGroup(store, group);
  const policy = await store.get(keys.policy(record.value.spec.policy));
  if (policy === null) throw notFound('policy', record.value.spec.policy);
  const region = restoreRegion(head.value);
  const target = await targetContext(deps, group, region, noProgress, signal);
  // One request, before anything is said of what it does not hold: it answers, and is ours.
  await target.bank.requireOwned(signal);
  const rate = new Rate(clock, policy.value.verification.bytesPerSecond);
  const before = (await store.get(keys.scrub(group, region)))?.value ?? {};
  const saved = saver(group, region, claim, store);
  const now = () => isoTime(clock.now());
  const standing = {
    periodSeconds: policy.value.verification.periodSeconds,
    createdAt: record.value.createdAt,
    record: before,
  };
  // What called for it may have been seen late: the round is over, or the policy another.
  if (scrubDue(standing, clock.now()).type !== 'read') return;
  const scrubbing = { ...deps, at: limited(target, rate), clock, log };
  let round: Round = before.round ?? {
    ...(await beginRound(scrubbing)),
    startedAt: now(),
    bytes: 0,
    damaged: 0,
  };
  const readBefore = round.bytes;
  if (before.round === undefined) {
    await saved({ ...before, round });
    log.info('scrub begun', { group, region });
  }
  let savedMs = clock.monotonicMs();
  const bytesRead = () => readBefore + rate.bytes;
  try {
    for await (const { place, damaged } of scrubPoints(round, scrubbing)) {
      round = { ...round, after: place, bytes: bytesRead(), damaged: round.damaged + damaged };
      const isLeft = isOver();
      if (!isLeft && damaged === 0 && clock.monotonicMs() - savedMs < saveEveryMs) continue;
      await saved({ ...before, round });
      savedMs = clock.monotonicMs();
      if (isLeft) return;
    }
  } catch (error) {
    // Broken off for somebody else: what is large goes on where it was, and what was read of it counts.
    if (signal.aborted && !claim.lost.aborted)
      await saved({ ...before, round: { ...round, bytes: bytesRead() } });
    throw error;
  }
  const endedAt = now();
  const { startedAt, damaged } = round;
  const bytes = bytesRead();
  const seconds = Math.max(0, (Date.parse(endedAt) - Date.parse(startedAt)) / 1000);
  await saved({ last: { startedAt, endedAt, seconds, bytes } });
  log.info('scrub ended', { group, region, bytes, seconds, damaged });
}

/** Throws `claim.lost` once another may have the group: that one's progress is not written over. */
function saver(group: string, region: string, claim: Claim, store: Store) {
  return async (record: ScrubRecord): Promise<void> => {
    const outcome = await store.transact([claim.compare], [put(keys.scrub(group, region), record)]);
    if (!outcome.committed) throw claimLost(claim.kind, claim.id);
  };
}
