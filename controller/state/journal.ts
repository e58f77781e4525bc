import { FarshoreError } from '../../kernel/errors.ts';
import type { Execution, ExecutionJournal } from '../../runbooks/execution/types.ts';
import { type Operation, put, remove, type Store } from '../store/store.ts';
import { keys } from './keys.ts';

/**
 * Executions on the state store: one key each, rewritten as a whole with every step. A save compares
 * the version in the same transaction, so of two processes, or a run and its successor, one is
 * refused. What an ended execution measured (RTO) is written with its end.
 */
export class StoreJournal implements ExecutionJournal {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async create(execution: Execution): Promise<void> {
    const compares = [{ path: keys.execution(execution.id).path, modRevision: 0 }];
    const outcome = await this.#store.transact(compares, writes(execution));
    if (!outcome.committed) throw conflict(execution);
  }

  async load(id: string): Promise<Execution | null> {
    return (await this.#store.get(keys.execution(id)))?.value ?? null;
  }

  async save(execution: Execution): Promise<void> {
    const key = keys.execution(execution.id);
    const stored = await this.#store.get(key);
    if (stored?.value.version !== execution.version - 1) throw conflict(execution);
    const compares = [{ path: key.path, modRevision: stored.modRevision }];
    const outcome = await this.#store.transact(compares, writes(execution));
    if (!outcome.committed) throw conflict(execution);
  }

  async list(
    filter: { readonly group?: string; readonly unfinished?: boolean } = {},
  ): Promise<readonly Execution[]> {
    const all = filter.unfinished === true ? await this.#unfinished() : await this.#all();
    return all
      .filter(({ group }) => filter.group === undefined || group === filter.group)
      .toSorted(newestFirst);
  }

  async #all(): Promise<readonly Execution[]> {
    return (await this.#store.range(keys.execution())).map(({ value }) => value);
  }

  async #unfinished(): Promise<readonly Execution[]> {
    const prefix = keys.unfinished().path;
    const marks = await this.#store.range(keys.unfinished());
    const found = await Promise.all(marks.map(({ path }) => this.load(path.slice(prefix.length))));
    return found.filter(
      (execution) => execution !== null && execution.state !== 'ended',
    ) as Execution[];
  }
}

/** For sorting. */
export function newestFirst(a: Execution, b: Execution): number {
  return a.declaredAt < b.declaredAt ? 1 : a.declaredAt > b.declaredAt ? -1 : 0;
}

function writes(execution: Execution): readonly Operation[] {
  const { id, group, state, dryRun, result, rtoSeconds, endedAt } = execution;
  const operations: Operation[] = [put(keys.execution(id), execution)];
  if (state !== 'ended') return [...operations, put(keys.unfinished(id), null)];
  operations.push(remove(keys.unfinished(id)));
  if (!dryRun && result === 'succeeded' && rtoSeconds !== undefined && endedAt !== undefined)
    operations.push(put(keys.rto(group), { seconds: rtoSeconds, executionId: id, at: endedAt }));
  return operations;
}

function conflict(execution: Execution): FarshoreError {
  return new FarshoreError(`version ${execution.version} is not the next one`, {
    code: 'execution.version-conflict',
    kind: 'transient',
    operation: 'record execution',
    subject: execution.id,
    hint: 'another worker has it: read its state and go on from there',
  });
}
