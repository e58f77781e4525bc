import type { RecoveryPoint } from '../../replicator/point/types.ts';
import type { PointTallies, PointTally } from '../mirror/point-tallies.ts';
import { shortOf, tallyOf } from '../mirror/point-tallies.ts';
import { listAll } from '../mirror/list-all.ts';
import type { ExecutionSummary } from '../../runbooks/execution/summary.ts';
import type { ProtectionPolicy } from '../model/types.ts';
import { keys } from '../state/keys.ts';
import type {
  GroupHead,
  GroupMembers,
  GroupRecord,
  LatestSession,
  MeasuredRto,
  MemberChanges,
  ScrubRecord,
} from '../state/records.ts';
import type { Table } from '../state/table.ts';
import type { Consistency, Entry, Key, Store } from '../store/store.ts';

/** What policies, groups and their statuses are shown from: the state in memory, or a reading of it. */
export interface StateView {
  readonly policies: Table<ProtectionPolicy>;
  readonly groups: Table<GroupRecord>;
  readonly heads: Table<GroupHead>;
  readonly members: Table<GroupMembers>;
  readonly changes: Table<MemberChanges>;
  readonly latest: Table<LatestSession>;
  readonly rto: Table<MeasuredRto>;
  readonly scrubs: Table<ScrubRecord>;
  /** The newest of each mode, in short. */
  readonly executions: Table<ExecutionSummary>;
  readonly tallies: Pick<PointTallies, 'of'>;
}

/** Read from the store now; of one group and the policies alone when it is named. */
export async function readView(
  store: Pick<Store, 'page'>,
  consistency: Consistency,
  group = '',
): Promise<StateView> {
  const table = <T>(prefix: Key<T>) => readTable(store, prefix, consistency);
  const pointsPrefix = group === '' ? keys.points() : keys.point(group);
  const scrubsPrefix = group === '' ? keys.scrubs() : keys.scrub(group);
  const executionsPrefix = group === '' ? keys.newestExecutions() : keys.newestExecution(group);
  const [policies, groups, heads, members, changes, latest, rto, scrubs, executions, points] =
    await Promise.all([
      table(keys.policy()),
      table(keys.group(group)),
      table(keys.head(group)),
      table(keys.members(group)),
      table(keys.changes(group)),
      table(keys.latest(group)),
      table(keys.rto(group)),
      table(scrubsPrefix),
      table(executionsPrefix),
      table(pointsPrefix),
    ]);
  return {
    policies,
    groups,
    heads,
    members,
    changes,
    latest,
    rto,
    scrubs,
    executions,
    tallies: talliesOf(points.values()),
  };
}

/** All below the prefix, as it is now. */
export async function readTable<T>(
  store: Pick<Store, 'page'>,
  prefix: Key<T>,
  consistency: Consistency,
): Promise<Table<T>> {
  return new Listed((await listAll(store, prefix, consistency)).entries);
}

function talliesOf(points: Iterable<RecoveryPoint>): Pick<PointTallies, 'of'> {
  const byGroup = Map.groupBy(points, (point) => point.group);
  return { of: (group: string): PointTally => tallyOf((byGroup.get(group) ?? []).map(shortOf)) };
}

class Listed<T> implements Table<T> {
  readonly #entries: ReadonlyMap<string, Entry<T>>;

  constructor(entries: readonly Entry<T>[]) {
    this.#entries = new Map(entries.map((entry) => [entry.path, entry]));
  }

  get(key: Key<T>): T | undefined {
    return this.#entries.get(key.path)?.value;
  }

  modRevisionOf(key: Key<T>): number | undefined {
    return this.#entries.get(key.path)?.modRevision;
  }

  *values(): IterableIterator<T> {
    for (const { value } of this.#entries.values()) yield value;
  }
}
