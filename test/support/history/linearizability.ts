import type { Operation } from './operation.ts';

export type Verdict =
  | { readonly type: 'linearizable' }
  | {
      readonly type: 'contradiction';
      readonly key: string;
      /** Where the longest order that could be found stands still, and what none of could come next. */
      readonly value: string | null;
      readonly candidates: readonly Operation[];
    }
  | { readonly type: 'undecided'; readonly key: string };

/** A search beyond this has met a history with too many unknown outcomes in one key. */
const defaultStepLimit = 2_000_000;

/**
 * Whether each key behaved as one register. Keys are judged one by one: a history is linearizable
 * exactly when its part for each key is (Herlihy and Wing, 1990). The first contradiction is told.
 */
export function checkHistory(
  operations: readonly Operation[],
  stepLimit: number = defaultStepLimit,
): Verdict {
  const byKey = Map.groupBy(operations, ({ key }) => key);
  for (const [key, ofKey] of byKey) {
    const verdict = checkKey(key, ofKey, stepLimit);
    if (verdict.type !== 'linearizable') return verdict;
  }
  return { type: 'linearizable' };
}

/**
 * A partial order of effects. Of the operations that ended, sorted by their begin, all before `next`
 * took effect, and those in `ahead`; of those with an unknown outcome, those in `assumed` did.
 */
interface Configuration {
  readonly next: number;
  readonly ahead: readonly number[];
  readonly assumed: readonly number[];
  readonly value: string | null;
}

/**
 * Depth first over configurations, none of them twice (Wing and Gong's search with Lowe's memory of
 * what was tried). Unknown outcomes are assumed last, so that they cost only where one is needed.
 */
function checkKey(key: string, operations: readonly Operation[], stepLimit: number): Verdict {
  const relevant = operations
    .filter(({ outcome }) => outcome.type !== 'refused')
    .toSorted((left, right) => left.invokedMs - right.invokedMs);
  const ended = relevant.filter(({ outcome }) => outcome.type !== 'unknown');
  // A read that was not answered says nothing.
  const unknown = relevant.filter(
    ({ outcome, action }) => outcome.type === 'unknown' && action.type !== 'read',
  );
  const start: Configuration = { next: 0, ahead: [], assumed: [], value: null };
  const stack = [start];
  const tried = new Set([nameOf(start)]);
  let deepest = start;
  for (let steps = 0; ; steps += 1) {
    const configuration = stack.pop();
    if (configuration === undefined) break;
    if (configuration.next === ended.length) return { type: 'linearizable' };
    if (steps === stepLimit) return { type: 'undecided', key };
    if (depthOf(configuration) > depthOf(deepest)) deepest = configuration;
    for (const successor of successors(configuration, ended, unknown)) {
      const name = nameOf(successor);
      if (tried.has(name)) continue;
      tried.add(name);
      stack.push(successor);
    }
  }
  const candidates = endedCandidates(deepest, ended).map((index) => ended[index]!);
  return { type: 'contradiction', key, value: deepest.value, candidates };
}

/** The likeliest last, as the stack takes them from its end. */
function successors(
  configuration: Configuration,
  ended: readonly Operation[],
  unknown: readonly Operation[],
): Configuration[] {
  const { assumed, value } = configuration;
  const candidates = endedCandidates(configuration, ended);
  const latestMs = Math.min(...candidates.map((index) => ended[index]!.endedMs));
  const found: Configuration[] = [];
  for (const [index, operation] of unknown.entries()) {
    if (operation.invokedMs > latestMs || assumed.includes(index)) continue;
    const after = effect(operation, value);
    if (after === undefined) continue;
    const now = [...assumed, index].sort((left, right) => left - right);
    found.push({ ...configuration, assumed: now, value: after });
  }
  for (const index of candidates.toReversed()) {
    const after = effect(ended[index]!, value);
    if (after !== undefined) found.push({ ...taken(configuration, index), assumed, value: after });
  }
  return found;
}

/** Those that may be next: not yet taken, and begun before any other that is not yet taken ended. */
function endedCandidates({ next, ahead }: Configuration, ended: readonly Operation[]): number[] {
  const open: number[] = [];
  let earliestEndMs = Infinity;
  for (let index = next; index < ended.length; index += 1) {
    const operation = ended[index]!;
    if (operation.invokedMs > earliestEndMs) break;
    if (ahead.includes(index)) continue;
    open.push(index);
    earliestEndMs = Math.min(earliestEndMs, operation.endedMs);
  }
  return open.filter((index) => ended[index]!.invokedMs <= earliestEndMs);
}

function taken(
  { next, ahead }: Configuration,
  index: number,
): Pick<Configuration, 'next' | 'ahead'> {
  const waiting = new Set([...ahead, index]);
  let first = next;
  while (waiting.delete(first)) first += 1;
  return { next: first, ahead: [...waiting].sort((left, right) => left - right) };
}

/** The register's value after the operation; undefined when the client could not have been told what it was. */
function effect({ action, outcome }: Operation, value: string | null): string | null | undefined {
  switch (action.type) {
    case 'read':
      return outcome.type === 'read' && outcome.value === value ? value : undefined;
    case 'write':
      return action.value;
    case 'compare-and-set': {
      const holds = action.expected === value;
      // Of an unknown outcome only the one that changes something needs to be assumed.
      if (outcome.type === 'unknown') return holds ? action.value : undefined;
      if (outcome.type !== 'compared' || outcome.held !== holds) return undefined;
      return holds ? action.value : value;
    }
  }
}

function nameOf({ next, ahead, assumed, value }: Configuration): string {
  return `${next};${ahead.join(',')};${assumed.join(',')};${value ?? ''};${value === null ? 0 : 1}`;
}

function depthOf({ next, ahead }: Configuration): number {
  return next + ahead.length;
}
