import type { Ambient } from '../../kernel/ambient.ts';
import type { Movers } from '../../replicator/mover.ts';
import { requireNoneAhead } from '../../replicator/retention/unknown-points.ts';
import { runSession } from '../../replicator/session/runner.ts';
import type { Ledger } from '../../replicator/session/ledger.ts';
import type { Sites } from '../sites.ts';
import { bankGroup } from '../state/banked-group.ts';
import { readGroup } from '../state/groups.ts';
import { readExemptions } from '../state/exemptions.ts';
import { isHeld } from '../state/holds.ts';
import { keys } from '../state/keys.ts';
import { notFound } from '../state/refusals.ts';
import type { Store } from '../store/store.ts';
import { dropSpool, openContext } from './open-context.ts';
import type { SupervisorDeps } from './supervisor.ts';

export interface SessionRunnerDeps {
  readonly store: Store;
  readonly ledger: Ledger;
  readonly sites: Sites;
  readonly movers: Movers;
  readonly ambient: Ambient;
  /** Resources of a session that are shipped at once. */
  readonly shipAtOnce: number;
  readonly spoolDir: string;
}

/** Runs a claimed session with the group and its policy as they are now. */
export function sessionRunner(deps: SessionRunnerDeps): SupervisorDeps['run'] {
  const { store, ledger, sites, movers, ambient, shipAtOnce, spoolDir } = deps;
  return async (session, progress, signal) => {
    const { spec, createdAt } = (await readGroup(store, session.group)).record.value;
    const policy = (await store.get(keys.policy(spec.policy)))?.value;
    if (policy === undefined) throw notFound('policy', spec.policy);
    const both = [session.sourceRegion, session.targetRegion];
    const aheadMs = () => Math.max(...both.map((name) => sites.region(name).clockAheadMs));
    const ended = await runSession(session, {
      ledger,
      movers,
      ambient,
      retention: policy.retention,
      changeLimitPercent: policy.changes.limitPercent,
      openContext: async (opened, inner) => {
        const context = await openContext(opened, spec, policy, deps, inner);
        await requireNoneAhead(opened, createdAt, ledger, context.bank, inner);
        await bankGroup(store, session.group, context.bank, inner);
        return context;
      },
      clockAheadMs: aheadMs,
      progressOf: ({ kind }) => progress.of(kind),
      held: (group, point) => isHeld(store, group, point),
      exemptions: (group) =>
        readExemptions(store, group, ambient.clock.now() - aheadMs(), policy.changes.graceSeconds),
      shipAtOnce,
      signal,
    });
    await dropSpool(spoolDir, session.group);
    return ended;
  };
}
