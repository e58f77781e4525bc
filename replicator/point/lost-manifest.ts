import { type Clock, isoTime } from '../../kernel/clock.ts';
import type { FarshoreError } from '../../kernel/errors.ts';
import type { Log } from '../../kernel/log.ts';
import type { Bank } from '../bank/bank.ts';
import { resourceKey } from '../mover.ts';
import type { Ledger } from '../session/ledger.ts';
import { manifestFinding, type MemberChecks } from './members.ts';
import { lookAtManifest } from './read-manifest.ts';
import type { NewPoint, RecoveryPoint } from './types.ts';

export interface LostManifestDeps {
  readonly ledger: Pick<Ledger, 'recordChecks'>;
  readonly bank: Bank;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * For whoever met a manifest that is missing or altered: damage of its point alone, which has it recorded
 * unless it is known, or another reading finds the manifest whole.
 */
export async function recordLostManifest(
  point: RecoveryPoint,
  { ledger, bank, clock, log, signal }: LostManifestDeps,
): Promise<void> {
  if (point.checked.findings.some(({ resource }) => resource === manifestFinding)) return;
  const look = await lookAtManifest(bank, point, signal);
  if (look.state !== 'damaged') return;
  const { error } = look;
  log.warn('the manifest of a recovery point is damaged', {
    group: point.group,
    point: point.id,
    error,
  });
  const checks = withoutManifest(point, error, bank);
  const points = new Map([[point.id, checks]]);
  await ledger.recordChecks(point.group, { at: isoTime(clock.now()), depth: 'content', points }, [
    point,
  ]);
}

/** Nothing can be restored, whatever there is of the data. Told once, and counted for each. */
export function withoutManifest(
  point: NewPoint,
  error: FarshoreError,
  bank: Pick<Bank, 'container'>,
): MemberChecks {
  const problem = error.code === 'point.manifest-missing' ? 'missing' : 'altered';
  const subject = `${bank.container}/${point.manifest.object}`;
  const finding = { resource: manifestFinding, subject, problem, detail: error.message } as const;
  return new Map(
    point.members.map(({ resource }, index) => [
      resourceKey(resource),
      { findings: index === 0 ? [finding] : [], damaged: 1 },
    ]),
  );
}
