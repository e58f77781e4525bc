import type { Claims } from '../../../controller/cluster/types.ts';
import { StoreJournal } from '../../../controller/state/journal.ts';
import type { Store } from '../../../controller/store/store.ts';
import type { Clock } from '../../../kernel/clock.ts';
import { silentLog } from '../../../kernel/log.ts';
import type { Admission } from '../../../runbooks/execution/types.ts';
import { uncontested } from './cluster.ts';
import { countingRandom } from './fixtures.ts';

/** Let in whatever else is under way. */
export const alone: Admission = { regions: ['west', 'east'], admit: () => [] };

export function journalOver(
  store: Store,
  clock: Clock,
  claims: Pick<Claims, 'compareOf'> = uncontested,
): StoreJournal {
  const ambient = { clock, random: countingRandom(), log: silentLog };
  return new StoreJournal({ store, claims, ambient, site: 'west' });
}
