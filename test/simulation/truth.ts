import type { Execution } from '../../runbooks/execution/types.ts';
import type { RecoveryPoint } from '../../replicator/point/types.ts';
import type { Session } from '../../replicator/session/types.ts';
import { keys } from '../../controller/state/keys.ts';
import type { GroupHead, GroupRecord } from '../../controller/state/records.ts';
import type { Key } from '../../controller/store/store.ts';
import type { State } from './store/state.ts';

/** What the store really holds, at this instant, for those who look from outside. */
export class Truth {
  readonly #state: State;

  constructor(state: State) {
    this.#state = state;
  }

  get<T>(key: Key<T>): T | null {
    return (this.#state.get(key.path)?.value as T | undefined) ?? null;
  }

  all<T>(prefix: Key<T>): readonly T[] {
    return this.#state.range(prefix.path).map(({ value }) => value as T);
  }

  paths(prefix: string): readonly string[] {
    return this.#state.range(prefix).map(({ path }) => path);
  }

  group(name: string): GroupRecord | null {
    return this.get(keys.group(name));
  }

  head(group: string): GroupHead | null {
    return this.get(keys.head(group));
  }

  session(group: string): Session | null {
    return this.get(keys.session(group));
  }

  points(group: string): readonly RecoveryPoint[] {
    return this.all(keys.point(group));
  }

  execution(id: string): Execution | null {
    return this.get(keys.execution(id));
  }

  executions(group: string): readonly Execution[] {
    return this.all(keys.execution()).filter((each) => each.group === group);
  }

  isBusy(group: string): boolean {
    return this.executions(group).some(({ state }) => state !== 'ended');
  }
}
