import { isDeepStrictEqual } from 'node:util';
import type { Ambient } from '../../kernel/ambient.ts';
import { isoTime } from '../../kernel/clock.ts';
import { FarshoreError } from '../../kernel/errors.ts';
import { type ExecutionSummary, summaryOf } from '../../runbooks/execution/summary.ts';
import type {
  Admission,
  AuditNote,
  Execution,
  ExecutionJournal,
  RequestTie,
  SavedWith,
  Unfinished,
} from '../../runbooks/execution/types.ts';
import { currentClaim } from '../cluster/current-claim.ts';
import type { Claims } from '../cluster/types.ts';
import { type Attempt, atomically } from '../store/atomically.ts';
import { type Compare, type Operation, put, remove, type Store } from '../store/store.ts';
import { allOf, letIn, letOut } from './active.ts';
import { auditEntry } from './audit.ts';
import { followed } from './followed.ts';
import { holdNamed } from './holds.ts';
import { keys } from './keys.ts';
import { executionOfRequest, requestKey, tie } from './requests.ts';

interface JournalDeps {
  readonly store: Store;
  readonly claims: Pick<Claims, 'compareOf'>;
  readonly ambient: Ambient;
  /** Of the audit's records: where they were written. */
  readonly site: string;
}

/** What this process knows of what it wrote last. */
interface Saved {
  readonly version: number;
  readonly modRevision: number;
  readonly summary: ExecutionSummary;
}

/**
 * Executions on the state store: one key each, rewritten as a whole with every step. A save compares
 * the version and the holder's claim in the same transaction, so of two processes, or a run and its
 * successor, one is refused. What is unfinished in a group is one key, which each beginning and end
 * compares: two that can't be under way at once are not, whoever orders them. What an ended execution
 * measured (RTO) is written with its end, and what is told of one without reading it (its summary)
 * whenever that changes.
 */
export class StoreJournal implements ExecutionJournal {
  readonly #deps: JournalDeps;
  /** Of the executions that this process saved last: reading before each save would cost a round trip. */
  readonly #saved = new Map<string, Saved>();

  constructor(deps: JournalDeps) {
    this.#deps = deps;
  }

  async create(
    execution: Execution,
    admission: Admission,
    options: {
      readonly request?: RequestTie | undefined;
      readonly audit?: readonly AuditNote[];
    } = {},
  ): Promise<Execution> {
    const { request, audit = [] } = options;
    const { store } = this.#deps;
    const { result } = await atomically(store, async (): Promise<Attempt<Execution>> => {
      const known = request === undefined ? null : await this.requested(request);
      if (known !== null) return { compares: [], operations: [], result: known };
      if (await this.#isStored(execution))
        return { compares: [], operations: [], result: execution };
      const isNew = { path: keys.execution(execution.id).path, modRevision: 0 };
      const isOver = execution.state === 'ended';
      const entry = isOver ? null : await letIn(store, execution, admission);
      const held = isOver ? null : await holdNamed(store, execution);
      const now = isoTime(this.#deps.ambient.clock.now());
      const tied = request === undefined ? [] : await tie(store, request, execution.id, now);
      const isFirst =
        request === undefined ? [] : [{ path: requestKey(request).path, modRevision: 0 }];
      return {
        compares: [isNew, ...isFirst, ...(entry?.compares ?? []), ...(held?.compares ?? [])],
        operations: [
          ...writes(execution),
          ...(entry?.operations ?? []),
          ...(held?.operations ?? []),
          ...tied,
          ...this.#audited(execution, audit),
        ],
        result: execution,
      };
    });
    return result;
  }

  async requested(request: RequestTie): Promise<Execution | null> {
    const record = await this.#deps.store.get(requestKey(request));
    return record === null ? null : this.load(executionOfRequest(request, record.value));
  }

  async reopen(execution: Execution, admission: Admission): Promise<void> {
    const { store } = this.#deps;
    await atomically(store, async () => {
      const before = await this.#before(execution);
      if (before === null) return { compares: [], operations: [], result: undefined };
      const entry = await letIn(store, execution, admission);
      return {
        compares: [before, ...entry.compares],
        operations: [...writes(execution), ...entry.operations],
        result: undefined,
      };
    });
  }

  async load(id: string): Promise<Execution | null> {
    return (await this.#deps.store.get(keys.execution(id)))?.value ?? null;
  }

  async save(execution: Execution, saved: SavedWith = {}): Promise<void> {
    const { id, version, state } = execution;
    const { path } = keys.execution(id);
    const last = this.#saved.get(id);
    const isNext = last?.version === version - 1;
    const told = isNext ? last.summary : null;
    this.#saved.delete(id);
    let known: Compare | null = isNext ? { path, modRevision: last.modRevision } : null;
    try {
      const { revision, result } = await atomically(this.#deps.store, async () => {
        const before = known ?? (await this.#before(execution));
        if (before === null) return { compares: [], operations: [], result: false };
        const claim = known === null ? await this.#currentClaim(id) : this.#compareOf(id);
        known = null;
        const end = state === 'ended' ? await letOut(this.#deps.store, execution) : null;
        return {
          compares: [before, claim, ...(end?.compares ?? [])],
          operations: this.#effects(execution, saved, told, end?.operations),
          result: true,
        };
      });
      if (result && state !== 'ended')
        this.#saved.set(id, { version, modRevision: revision, summary: summaryOf(execution) });
    } catch (error) {
      if (!isUnknown(error) || !(await this.#isStored(execution))) throw error;
    }
  }

  async list(
    filter: { readonly group?: string; readonly unfinished?: boolean } = {},
  ): Promise<readonly Execution[]> {
    const all = filter.unfinished === true ? await this.#unfinished() : await this.#all();
    return all
      .filter(({ group }) => filter.group === undefined || group === filter.group)
      .toSorted(newestFirst);
  }

  async *unfinished(signal: AbortSignal): AsyncGenerator<readonly Unfinished[], void, undefined> {
    const { store, ambient } = this.#deps;
    const source = { store, ambient, prefix: keys.active() };
    yield* followed(source, (mirror) => allOf(mirror.values()), signal);
  }

  async *follow(id: string, signal: AbortSignal): AsyncGenerator<Execution, void, undefined> {
    const { store, ambient } = this.#deps;
    const source = { store, ambient, prefix: keys.execution(id) };
    const pick = (mirror: { get(key: { path: string }): Execution | undefined }) => ({
      execution: mirror.get(keys.execution(id)),
    });
    for await (const { execution } of followed(source, pick, signal)) {
      if (execution === undefined) continue;
      yield execution;
      if (execution.state === 'ended') return;
    }
  }

  async #all(): Promise<readonly Execution[]> {
    return (await this.#deps.store.range(keys.execution())).map(({ value }) => value);
  }

  async #unfinished(): Promise<readonly Execution[]> {
    const active = await this.#deps.store.range(keys.active());
    const ids = allOf(active.map(({ value }) => value)).map(({ id }) => id);
    const found = await Promise.all(ids.map((id) => this.load(id)));
    return found.filter((execution): execution is Execution => isUnfinished(execution));
  }

  /** The revision that the execution replaces; null when it is there already, its answer was lost. */
  async #before(execution: Execution): Promise<Compare | null> {
    const key = keys.execution(execution.id);
    const stored = await this.#deps.store.get(key);
    if (stored?.value.version === execution.version - 1)
      return { path: key.path, modRevision: stored.modRevision };
    if (stored !== null && isSame(stored.value, execution)) return null;
    throw conflict(execution);
  }

  /** Throws `execution.version-conflict` where there is another of that id. */
  async #isStored(execution: Execution): Promise<boolean> {
    const stored = await this.load(execution.id);
    if (stored === null) return false;
    if (isSame(stored, execution)) return true;
    if (stored.version < execution.version) return false;
    throw conflict(execution);
  }

  #currentClaim(id: string): Promise<Compare> {
    return currentClaim(this.#deps.store, this.#deps.claims, 'execution', id);
  }

  #compareOf(id: string): Compare {
    return this.#deps.claims.compareOf('execution', id);
  }

  #effects(
    execution: Execution,
    { orders = [], audit = [] }: SavedWith,
    told: ExecutionSummary | null,
    end: readonly Operation[] = [],
  ): readonly Operation[] {
    const taken = orders.map((order) => remove(keys.order(execution.id, order)));
    const others = taken.filter(({ path }) => !end.some((each) => each.path === path));
    return [...writes(execution, told), ...others, ...end, ...this.#audited(execution, audit)];
  }

  #audited(execution: Execution, notes: readonly AuditNote[]): readonly Operation[] {
    return notes.map((note) =>
      auditEntry({ ...note, site: this.#deps.site }, `${execution.id}-${note.action}`),
    );
  }
}

/** For sorting. */
export function newestFirst(a: Execution, b: Execution): number {
  return a.declaredAt < b.declaredAt ? 1 : a.declaredAt > b.declaredAt ? -1 : 0;
}

/** `told` is the summary that is stored of the state before; null where that is not known. */
function writes(execution: Execution, told: ExecutionSummary | null = null): readonly Operation[] {
  const { id, group, mode, dryRun, result, rtoSeconds, endedAt } = execution;
  const written = [put(keys.execution(id), execution)];
  if (dryRun) return written;
  const summary = summaryOf(execution);
  if (!isDeepStrictEqual(summary, told))
    written.push(put(keys.newestExecution(group, mode), summary));
  if (result === 'succeeded' && rtoSeconds !== undefined && endedAt !== undefined)
    written.push(put(keys.rto(group), { seconds: rtoSeconds, executionId: id, at: endedAt }));
  return written;
}

function isUnfinished(execution: Execution | null): boolean {
  return execution !== null && execution.state !== 'ended';
}

/** As the store keeps it. */
function isSame(stored: Execution, execution: Execution): boolean {
  return JSON.stringify(stored) === JSON.stringify(execution);
}

function isUnknown(error: unknown): boolean {
  return error instanceof FarshoreError && error.code === 'store.outcome-unknown';
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
