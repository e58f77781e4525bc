import type { Bank } from '../../replicator/bank/bank.ts';
import { readBounded } from '../../replicator/bank/documents.ts';
import { unknownPoints } from '../../replicator/retention/unknown-points.ts';
import type { Ledger } from '../../replicator/session/ledger.ts';
import { findGroup } from '../state/groups.ts';
import type { GroupHead } from '../state/records.ts';
import type { Store } from '../store/store.ts';
import type { RebuiltGroup } from './bank-types.ts';
import type { Surveyed } from './surveyed.ts';

/** What is said of a group of which nothing was taken. */
export const untold = {
  primary: null,
  generation: null,
  points: 0,
  damaged: 0,
  faults: [],
  unasked: [],
};

export interface PresentDeps {
  readonly store: Store;
  readonly ledger: Pick<Ledger, 'points' | 'session' | 'pointless'>;
}

/**
 * A group that the state has; null when it has none. Refused where the bank knows it otherwise: it was made
 * anew by hand before the bank was asked, or the state is an older copy of the one that filled the bank.
 */
export async function presentOf(
  surveyed: Surveyed,
  { documents }: Bank,
  { store, ledger }: PresentDeps,
  signal: AbortSignal,
): Promise<RebuiltGroup | null> {
  const { group, banked } = surveyed;
  const existing = await findGroup(store, group);
  if (existing === null) return null;
  const { createdAt } = existing.record.value;
  const head = existing.head.value;
  const points = await ledger.points(group);
  const inBank = surveyed.survey.found.filter(({ manifest }) => manifest !== null);
  const unknown = new Set(
    await unknownPoints(
      group,
      inBank.map(({ id }) => id),
      ledger,
    ),
  );
  // Retention may have had it since it was read.
  for (const { id, object } of inBank)
    if (unknown.has(id) && (await readBounded(documents, object, signal)) === null)
      unknown.delete(id);
  // A deleted group may have left its record, without any point.
  const isAnother = banked !== null && banked.createdAt !== createdAt && inBank.length > 0;
  const isNewer = banked?.createdAt === createdAt && banked.head.generation > head.generation;
  const isOther = isAnother || isNewer;
  if (!isOther && unknown.size === 0) {
    const { primary, generation } = head;
    return { ...untold, group, outcome: 'present', primary, generation, points: points.length };
  }
  const there = banked === null ? 'the bank has' : `${told('the bank', banked)}, and has`;
  const here = told('the state', { createdAt, head });
  const message = `${here}, and ${points.length} points; ${there} ${inBank.length}, of which the state does not know ${unknown.size}. farshore bank rebuild <region> --group ${group} --replace puts what the bank holds in its place; nothing of the group was changed`;
  const fault = { code: 'bank.group-differs', subject: group, message };
  return { ...untold, group, outcome: 'refused', faults: [fault] };
}

function told(
  who: string,
  { createdAt, head }: { readonly createdAt: string; readonly head: GroupHead },
): string {
  return `${who} knows it as made ${createdAt}, with primary ${head.primary} at generation ${head.generation}`;
}
