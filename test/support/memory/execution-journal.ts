import type { Execution, ExecutionJournal } from '../../../runbooks/execution/types.ts';

type Around = (moment: 'before' | 'after', execution: Execution) => void;

/**
 * Executions in memory, as strict as a real store: `save` takes the next version only. What is kept
 * is a copy by way of JSON, so that nothing lives on which a disk would not keep.
 */
export class MemoryExecutionJournal implements ExecutionJournal {
  readonly #executions: Map<string, string>;
  /** Every accepted write, for assertions. */
  readonly writes: Execution[] = [];
  /** Called around every write; may throw, before as a refusal, after as an answer that was lost. */
  readonly #around: Around;

  constructor(around: Around = () => undefined, executions = new Map<string, string>()) {
    this.#around = around;
    this.#executions = executions;
  }

  /** The same executions, as the next process finds them. */
  reopened(around?: Around): MemoryExecutionJournal {
    return new MemoryExecutionJournal(around, this.#executions);
  }

  /** What is on disk now. */
  peek(): readonly Execution[] {
    return [...this.#executions.values()].map((text) => JSON.parse(text) as Execution);
  }

  async create(execution: Execution): Promise<void> {
    await Promise.resolve();
    this.#around('before', execution);
    if (this.#executions.has(execution.id)) throw new Error(`${execution.id} exists`);
    this.#keep(execution);
    this.#around('after', execution);
  }

  load(id: string): Promise<Execution | null> {
    const text = this.#executions.get(id);
    return Promise.resolve(text === undefined ? null : (JSON.parse(text) as Execution));
  }

  async save(execution: Execution): Promise<void> {
    await Promise.resolve();
    this.#around('before', execution);
    const held = await this.load(execution.id);
    if (held?.version !== execution.version - 1)
      throw new Error(`version ${execution.version} does not follow ${held?.version ?? 'none'}`);
    this.#keep(execution);
    this.#around('after', execution);
  }

  list(
    filter: { readonly group?: string; readonly unfinished?: boolean } = {},
  ): Promise<readonly Execution[]> {
    const chosen = this.peek()
      .filter(({ group }) => filter.group === undefined || filter.group === group)
      .filter(({ state }) => filter.unfinished !== true || state !== 'ended');
    return Promise.resolve(chosen.sort((a, b) => (a.id < b.id ? 1 : -1)));
  }

  #keep(execution: Execution): void {
    this.#executions.set(execution.id, JSON.stringify(execution));
    this.writes.push(execution);
  }
}
