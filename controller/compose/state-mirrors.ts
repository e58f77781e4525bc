import type { Ambient } from '../../kernel/ambient.ts';
import { Mirror } from '../mirror/mirror.ts';
import { shortPoint } from '../mirror/point-tallies.ts';
import { keys } from '../state/keys.ts';
import type { Entry, Key, Store } from '../store/store.ts';

/** What of the state is in memory: what is due, and how groups stand, is told without asking the store. */
export function createMirrors(store: Store, ambient: Ambient) {
  const of = <T>(prefix: Key<T>) =>
    new Mirror({ store, ambient, prefix, project: ({ value }: Entry<T>) => value });
  return Object.freeze({
    policies: of(keys.policy()),
    groups: of(keys.group()),
    heads: of(keys.head()),
    latest: of(keys.latest()),
    wanted: of(keys.wanted()),
    members: of(keys.members()),
    changes: of(keys.changes()),
    active: of(keys.active()),
    executions: of(keys.newestExecutions()),
    scrubs: of(keys.scrubs()),
    rto: of(keys.rto()),
    points: new Mirror({ store, ambient, prefix: keys.points(), project: shortPoint }),
  });
}
